import assert from 'node:assert/strict';
import { test } from 'node:test';
import Groq from 'groq-sdk';
import OpenAI from 'openai';
import { type ChatOptions, startChatSimulator } from '../../../demo/simulators/chat.ts';
import { countPromptTokens, tokenize } from '../../../demo/simulators/tokens.ts';
import { poll } from '../../support/poll.ts';

const TOOLS = [
  { type: 'function' as const, function: { name: 'get_opening_hours', parameters: { type: 'object' } } },
];
const ask = (content: string) => [{ role: 'user' as const, content }];

async function start(options: ChatOptions = {}) {
  const simulator = await startChatSimulator({ seed: 3, ...options });
  const groq = new Groq({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });
  const openai = new OpenAI({ apiKey: 'test', baseURL: `${simulator.url}/v1`, maxRetries: 0 });
  return { simulator, groq, openai };
}

test('groq-sdk streams an answer with its usage in the last chunk', async (t) => {
  const { simulator, groq } = await start();
  t.after(() => simulator.close());
  const messages = ask('I would like to book a table.');
  const stream = await groq.chat.completions.create({
    model: 'llama-3.1-8b-instant',
    messages,
    stream: true,
  });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.equal(chunks[0]?.choices[0]?.delta.content, '');
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  assert.equal(text, 'Of course, with pleasure. At what time?');
  const last = chunks.at(-1);
  assert.equal(last?.choices[0]?.finish_reason, 'stop');
  assert.equal(last?.x_groq?.usage?.completion_tokens, tokenize(text).length);
  assert.equal(
    last?.x_groq?.usage?.prompt_tokens,
    countPromptTokens([{ content: 'I would like to book a table.' }]),
  );
  const [received, first, finished] = simulator.truth;
  assert.ok(received?.kind === 'received' && first?.kind === 'first_token' && finished?.kind === 'finished');
  const firstTokenMs = (first.atMicros - received.atMicros) / 1000;
  assert.ok(firstTokenMs >= 145, `${firstTokenMs} ms`);
  assert.equal(finished.usage.total_tokens, last?.x_groq?.usage?.total_tokens);
});

test('openai gets a usage chunk when it asks for one, and none when not', async (t) => {
  const { simulator, openai } = await start({
    firstTokenMs: [1, 2],
    tokensPerSecond: [900, 1000],
    cachedTokens: 5,
  });
  t.after(() => simulator.close());
  const usages = async (include: boolean) => {
    const options = include ? { stream_options: { include_usage: true } } : {};
    const messages = ask('Tell me about the menu.');
    const stream = await openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      stream: true,
      ...options,
    });
    const found = [];
    for await (const chunk of stream) if (chunk.usage) found.push(chunk);
    return found;
  };
  const [chunk, ...others] = await usages(true);
  assert.deepEqual([chunk?.choices, others], [[], []]);
  assert.equal(chunk?.usage?.prompt_tokens_details?.cached_tokens, 5);
  assert.deepEqual(await usages(false), []);
  assert.deepEqual(
    simulator.truth.flatMap((event) => (event.kind === 'finished' ? [event.usageSent] : [])),
    [true, false],
  );
});

test('a question for which there is a tool is a tool call, then an answer from its result', async (t) => {
  const { simulator, groq } = await start({ firstTokenMs: [1, 2] });
  t.after(() => simulator.close());
  const model = 'llama-3.1-8b-instant';
  const question = ask('What time do you close on Sunday?');
  const stream = await groq.chat.completions.create({
    model,
    messages: question,
    tools: TOOLS,
    stream: true,
  });
  let [id, name, args, reason] = ['', '', '', ''];
  for await (const chunk of stream) {
    const call = chunk.choices[0]?.delta.tool_calls?.[0];
    id += call?.id ?? '';
    name += call?.function?.name ?? '';
    args += call?.function?.arguments ?? '';
    reason = chunk.choices[0]?.finish_reason ?? reason;
  }
  assert.deepEqual([name, JSON.parse(args), reason], ['get_opening_hours', { day: 'sunday' }, 'tool_calls']);
  const answer = await groq.chat.completions.create({
    model,
    messages: [
      ...question,
      { role: 'assistant', tool_calls: [{ id, type: 'function', function: { name, arguments: args } }] },
      { role: 'tool', tool_call_id: id, content: '{"closes":"nine"}' },
    ],
    tools: TOOLS,
  });
  assert.equal(answer.choices[0]?.message.content, 'On Sunday we close at nine.');
  assert.ok((answer.usage?.prompt_tokens ?? 0) > 0);
});

test('a stream that its client leaves stops and is told as aborted', async (t) => {
  const { simulator, groq } = await start({ firstTokenMs: [1, 2] });
  t.after(() => simulator.close());
  const messages = ask('Tell me about the menu.');
  const stream = await groq.chat.completions.create({
    model: 'llama-3.1-8b-instant',
    messages,
    stream: true,
  });
  let heard = '';
  for await (const chunk of stream) {
    heard += chunk.choices[0]?.delta.content ?? '';
    if (heard.length > 20) break;
  }
  const aborted = await poll(() => simulator.truth.find((event) => event.kind === 'aborted'));
  assert.ok(
    aborted.kind === 'aborted' && aborted.sent.startsWith(heard) && aborted.sent.length < heard.length + 40,
  );
  assert.ok(!simulator.truth.some((event) => event.kind === 'finished'));
});

test('statuses and cuts reach the client as the errors of its SDK', async (t) => {
  const { simulator, groq } = await start({ firstTokenMs: [1, 2] });
  t.after(() => simulator.close());
  const create = () =>
    groq.chat.completions.create({ model: 'llama-3.1-8b-instant', messages: ask('menu'), stream: true });
  simulator.faults.next(
    { kind: 'status', status: 429 },
    { kind: 'status', status: 500 },
    { kind: 'cut', afterChunks: 3 },
  );
  await assert.rejects(create(), Groq.RateLimitError);
  await assert.rejects(create(), Groq.InternalServerError);
  const stream = await create();
  let chunks = 0;
  await assert.rejects(async () => {
    for await (const _ of stream) chunks++;
  });
  assert.equal(chunks, 3);
  assert.deepEqual(
    simulator.truth.flatMap((event) => (event.kind === 'failed' ? [event.status] : [])),
    [429, 500, 'cut'],
  );
});

test('the same seed gives the same delays', async (t) => {
  const delays = async () => {
    const { simulator, groq } = await start({ seed: 11 });
    t.after(() => simulator.close());
    const answer = await groq.chat.completions.create({
      model: 'llama-3.1-8b-instant',
      messages: ask('bye'),
    });
    return answer.usage?.total_time;
  };
  const first = await delays();
  assert.equal(await delays(), first);
  assert.ok((first ?? 0) > 0.15);
});

import { nowMicros } from '../../../demo/now.ts';
import {
  type Exchange as RequestExchange,
  type RequestSimulator,
  serveExchanges,
} from '../../../demo/simulators/exchange.ts';
import type { Random, Range } from '../../../demo/simulators/random.ts';
import {
  type ChatMessage,
  type ChatReply,
  contentText,
  receptionist,
} from '../../../demo/simulators/receptionist.ts';
import { delay, readJson, type SimulatorOptions, sendJson } from '../../../demo/simulators/server.ts';
import { countPromptTokens, tokenize } from '../../../demo/simulators/tokens.ts';

/** Usage in the words of the API. */
export interface ResponseUsage {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly reasoning_tokens: number };
  readonly total_tokens: number;
}

/** What happened to one request of the Responses simulator. */
export type ResponsesTruth = { readonly atMicros: number; readonly responseId: string } & (
  | { readonly kind: 'received'; readonly model: string; readonly stream: boolean }
  | { readonly kind: 'first_token' }
  | { readonly kind: 'finished'; readonly usage: ResponseUsage; readonly reply: ChatReply }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'refused'; readonly status: number }
);

/** How a response ends that does not complete. */
export type ResponseEnding = 'failed' | 'incomplete' | 'error' | 'cut';

/** Behaviour of the Responses simulator. */
export interface ResponsesOptions extends SimulatorOptions {
  /** Milliseconds from request to first token. (Default: 20 to 30.) */
  readonly firstTokenMs?: Range;
  /** Milliseconds between two tokens. (Default: 2.) */
  readonly tokenMs?: number;
}

/** A running Responses simulator. */
export interface ResponsesSimulator extends RequestSimulator<ResponsesTruth> {
  /** The next responses end like this, one each, after their third token. */
  readonly endings: ResponseEnding[];
}

/** What every response was given from a cache, and thought without saying. */
const CACHED_TOKENS = 3;
const REASONING_TOKENS = 2;

/** Starts a server that speaks OpenAI's `/v1/responses`: whole, streamed, in the background. */
export async function startResponsesSimulator(options: ResponsesOptions = {}): Promise<ResponsesSimulator> {
  const endings: ResponseEnding[] = [];
  const server = await serveExchanges<ResponsesTruth, ResponsesOptions>('responses', options, (exchange) =>
    answer({ ...exchange, endings }),
  );
  return { ...server, endings };
}

interface Exchange extends RequestExchange<ResponsesTruth, ResponsesOptions> {
  readonly endings: ResponseEnding[];
}

async function answer(exchange: Exchange): Promise<void> {
  const { request, response, random, options, faults, endings, record } = exchange;
  const arrived = performance.now();
  const arrivedMicros = nowMicros();
  const body = await readJson(request);
  const responseId = `resp_${random.uuid().replaceAll('-', '')}`;
  const refuse = (status: number): void => {
    record({ kind: 'refused', responseId, status });
    sendJson(response, status, { error: { message: 'refused by the simulator', type: 'simulated' } });
  };
  if (!/^\/v1\/responses(\?beta=true)?$/.test(request.url ?? '') || request.method !== 'POST')
    return refuse(404);
  if (!body || typeof body.model !== 'string' || body.input === undefined) return refuse(400);
  const { model, stream = false, background = false } = body;
  record({ kind: 'received', responseId, model, stream: stream === true }, arrivedMicros);
  const fault = faults.take();
  if (fault?.kind === 'status') return refuse(fault.status);

  const messages = conversation(body);
  const reply = receptionist(messages, toolNames(body.tools));
  const pieces = reply.kind === 'text' ? tokenize(reply.text) : tokenize(JSON.stringify(reply.arguments));
  const inputTokens = countPromptTokens(messages.map(({ content }) => ({ content: contentText(content) })));
  const usageOf = (tokens: number): ResponseUsage => ({
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: CACHED_TOKENS },
    output_tokens: tokens + REASONING_TOKENS,
    output_tokens_details: { reasoning_tokens: REASONING_TOKENS },
    total_tokens: inputTokens + tokens + REASONING_TOKENS,
  });
  const about = (status: string, more: object = {}): object => ({
    id: responseId,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status,
    model: `${model}-2026-01-01`,
    output: [],
    error: null,
    incomplete_details: null,
    background: background === true,
    usage: null,
    ...more,
  });
  if (background === true && stream !== true) return sendJson(response, 200, about('queued'));

  const gone = new AbortController();
  let over = false;
  response.on('close', () => {
    if (!over) record({ kind: 'aborted', responseId });
    gone.abort();
  });
  const ending = endings.shift();
  const firstMs = random.between(...(options.firstTokenMs ?? [20, 30]));
  const tokenMs = options.tokenMs ?? 2;
  const waitFor = (i: number): Promise<void> =>
    delay(arrived + firstMs + i * tokenMs - performance.now(), gone.signal);
  const item = outputItem(reply, random);
  const last = (): object => {
    if (ending === 'failed')
      return about('failed', { error: { code: 'server_error', message: 'simulated' }, usage: usageOf(3) });
    if (ending === 'incomplete')
      return about('incomplete', {
        incomplete_details: { reason: 'max_output_tokens' },
        output: [item],
        usage: usageOf(3),
      });
    return about('completed', { output: [item], usage: usageOf(pieces.length) });
  };
  const finish = (): void => {
    over = true;
    record({
      kind: 'finished',
      responseId,
      usage: usageOf(ending === undefined ? pieces.length : 3),
      reply,
    });
  };

  if (stream !== true) {
    await waitFor(pieces.length);
    if (gone.signal.aborted) return;
    sendJson(response, 200, last());
    return finish();
  }

  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.socket?.setNoDelay(true);
  let sequence = 0;
  const write = (type: string, event: object): void => {
    const data = { type, sequence_number: sequence++, ...event };
    response.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  write('response.created', { response: about('in_progress') });
  write('response.in_progress', { response: about('in_progress') });
  await waitFor(0);
  const place = { output_index: 0, item_id: item.id };
  write('response.output_item.added', { output_index: 0, item: { ...item, ...item.empty } });
  if (reply.kind === 'text')
    write('response.content_part.added', {
      ...place,
      content_index: 0,
      part: { type: 'output_text', text: '', annotations: [] },
    });
  for (const [i, delta] of pieces.entries()) {
    if (ending !== undefined && i === 3) break;
    await waitFor(i);
    if (gone.signal.aborted) return;
    if (reply.kind === 'text')
      write('response.output_text.delta', { ...place, content_index: 0, delta, logprobs: [] });
    else write('response.function_call_arguments.delta', { ...place, delta });
    if (i === 0) record({ kind: 'first_token', responseId });
  }
  if (ending === 'cut') {
    over = true;
    response.destroy();
    return;
  }
  if (ending === 'error') {
    over = true;
    write('error', { code: 'server_error', message: 'simulated', param: null });
    response.end();
    return;
  }
  write('response.output_item.done', { output_index: 0, item });
  write(`response.${ending ?? 'completed'}`, { response: last() });
  response.end();
  finish();
}

interface OutputItem {
  readonly id: string;
  /** What the item has of its own before anything of it is generated. */
  readonly empty: object;
}

function outputItem(reply: ChatReply, random: Random): OutputItem {
  const hide = <T extends object>(item: T, empty: object): T & { empty: object } =>
    Object.defineProperty({ ...item, empty }, 'empty', { enumerable: false });
  if (reply.kind === 'tool_call')
    return hide(
      {
        id: `fc_${random.uuid()}`,
        type: 'function_call',
        status: 'completed',
        call_id: `call_${random.uuid().slice(0, 8)}`,
        name: reply.name,
        arguments: JSON.stringify(reply.arguments),
      },
      { arguments: '', status: 'in_progress' },
    );
  return hide(
    {
      id: `msg_${random.uuid()}`,
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: reply.text, annotations: [] }],
    },
    { content: [], status: 'in_progress' },
  );
}

function conversation({ instructions, input }: Readonly<Record<string, unknown>>): ChatMessage[] {
  const before = typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : [];
  if (typeof input === 'string') return [...before, { role: 'user', content: input }];
  const items = (Array.isArray(input) ? input : []) as Readonly<Record<string, unknown>>[];
  return [
    ...before,
    ...items.map((item) =>
      item.type === 'function_call_output'
        ? { role: 'tool', content: item.output }
        : { role: String(item.role ?? 'assistant'), content: item.content },
    ),
  ];
}

const toolNames = (tools: unknown): string[] =>
  Array.isArray(tools) ? tools.map((tool) => String((tool as { name?: unknown }).name ?? '')) : [];

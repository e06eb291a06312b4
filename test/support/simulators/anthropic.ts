import { nowMicros } from '../../../demo/now.ts';
import { type Exchange, type RequestSimulator, serveExchanges } from '../../../demo/simulators/exchange.ts';
import type { Range } from '../../../demo/simulators/random.ts';
import {
  type ChatMessage,
  type ChatReply,
  type ChatScript,
  contentText,
  receptionist,
} from '../../../demo/simulators/receptionist.ts';
import { delay, readJson, type SimulatorOptions, sendJson } from '../../../demo/simulators/server.ts';
import { countPromptTokens, tokenize } from '../../../demo/simulators/tokens.ts';

/** Usage in the words of the API: `input_tokens` leaves out what was read from or written to the cache. */
interface AnthropicUsage {
  readonly input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly thinking_tokens: number } | null;
}

/** What happened to one request of the Anthropic simulator. */
export type AnthropicTruth = { readonly atMicros: number; readonly requestId: string } & (
  | {
      readonly kind: 'received';
      readonly model: string;
      readonly stream: boolean;
      readonly lastMessage: string;
    }
  /** The first event with text or a tool call was sent (of a plain answer: the whole of it). */
  | { readonly kind: 'first_token' }
  | { readonly kind: 'finished'; readonly usage: AnthropicUsage; readonly reply: ChatReply }
  /** The client went away before the end; `sent` is the text it was sent. */
  | { readonly kind: 'aborted'; readonly sent: string }
  | { readonly kind: 'failed'; readonly status: number | 'cut' }
);

/** Behaviour of the Anthropic simulator. */
export interface AnthropicOptions extends SimulatorOptions {
  /** Decides the answers. (Default: the receptionist.) */
  readonly script?: ChatScript;
  /** Milliseconds from request to first token. (Default: 150 to 400.) */
  readonly firstTokenMs?: Range;
  /** Tokens a second after the first. (Default: 50 to 100.) */
  readonly tokensPerSecond?: Range;
  /** Prompt tokens that are read from the cache, and that are written to it. (Default: none.) */
  readonly cached?: { readonly read: number; readonly written: number };
  /** Tokens that the model thinks before it answers, and milliseconds that it takes. (Default: it does not.) */
  readonly thinking?: { readonly tokens: number; readonly ms: number };
}

/** A running Anthropic simulator. */
export type AnthropicSimulator = RequestSimulator<AnthropicTruth>;

/** Starts a server that speaks Anthropic's `/v1/messages`, streaming and not. */
export function startAnthropicSimulator(options: AnthropicOptions = {}): Promise<AnthropicSimulator> {
  return serveExchanges('anthropic', options, answer);
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

async function answer(exchange: Exchange<AnthropicTruth, AnthropicOptions>): Promise<void> {
  const { request, response, random, options, faults, record } = exchange;
  const arrived = performance.now();
  const arrivedMicros = nowMicros();
  const requestId = `req_${random.uuid().replaceAll('-', '')}`;
  const body = await readJson(request);
  const fail = (status: number): void => {
    record({ kind: 'failed', requestId, status });
    const error = { type: ERROR_TYPES[status] ?? 'api_error', message: 'refused by the simulator' };
    sendJson(response, status, { type: 'error', error, request_id: requestId }, { 'request-id': requestId });
  };
  if (request.method !== 'POST' || !request.url?.startsWith('/v1/messages')) return fail(404);
  if (!request.headers['x-api-key'] && !request.headers.authorization) return fail(401);
  const { model, messages, tools, system, stream } = body ?? {};
  if (typeof model !== 'string' || !Array.isArray(messages) || messages.length === 0) return fail(400);
  const conversation = messages.map(toChatMessage);
  const lastMessage = contentText(conversation.at(-1)?.content);
  record({ kind: 'received', requestId, model, stream: stream === true, lastMessage }, arrivedMicros);
  const fault = faults.take();
  if (fault?.kind === 'status') return fail(fault.status);

  const gone = new AbortController();
  let sent = '';
  let over = false;
  response.on('close', () => {
    if (!over) record({ kind: 'aborted', requestId, sent });
    over = true;
    gone.abort();
  });
  const names = Array.isArray(tools) ? tools.map((tool) => String((tool as { name?: unknown }).name)) : [];
  const reply = (options.script ?? receptionist)(conversation, names);
  const pieces = tokenize(reply.kind === 'text' ? reply.text : JSON.stringify(reply.arguments));
  const { cached = { read: 0, written: 0 }, thinking } = options;
  const asked = typeof system === 'string' ? [{ content: system }] : [];
  const usage: AnthropicUsage = {
    input_tokens: countPromptTokens(
      [
        ...asked,
        ...conversation.map(({ content, tool_calls }) => ({
          content: contentText(content),
          toolCalls: tool_calls,
        })),
      ],
      tools,
    ),
    cache_read_input_tokens: cached.read,
    cache_creation_input_tokens: cached.written,
    output_tokens: pieces.length + (thinking?.tokens ?? 0),
    output_tokens_details: thinking ? { thinking_tokens: thinking.tokens } : null,
  };
  const finish = (): void => {
    over = true;
    record({ kind: 'finished', requestId, usage, reply });
  };
  const message = { id: `msg_${random.uuid()}`, type: 'message', role: 'assistant', model };
  const toolUse = { type: 'tool_use', id: `toolu_${random.uuid().slice(0, 8)}`, name: toolName(reply) };
  const stopReason = reply.kind === 'text' ? 'end_turn' : 'tool_use';
  const dueMs =
    random.between(...(options.firstTokenMs ?? [150, 400])) + (fault?.kind === 'delay' ? fault.ms : 0);
  const tokenMs = 1000 / random.between(...(options.tokensPerSecond ?? [50, 100]));
  const waitUntil = (ms: number): Promise<void> => delay(arrived + ms - performance.now(), gone.signal);
  const headers = { 'request-id': requestId };

  if (stream !== true) {
    await waitUntil(dueMs + pieces.length * tokenMs);
    if (gone.signal.aborted) return;
    record({ kind: 'first_token', requestId });
    const content =
      reply.kind === 'text' ? { type: 'text', text: reply.text } : { ...toolUse, input: reply.arguments };
    sendJson(response, 200, { ...message, content: [content], stop_reason: stopReason, usage }, headers);
    return finish();
  }

  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  response.flushHeaders();
  response.socket?.setNoDelay(true);
  let events = 0;
  /** False when the connection is over. */
  const write = (event: { readonly type: string }): boolean => {
    if (gone.signal.aborted || over) return false;
    if (fault?.kind === 'cut' && events++ === fault.afterChunks) {
      over = true;
      record({ kind: 'failed', requestId, status: 'cut' });
      response.destroy();
      return false;
    }
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    return true;
  };
  const started = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  await waitUntil(Math.min(10, dueMs));
  if (!write({ type: 'message_start', ...{ message: started } })) return;
  write({ type: 'ping' });
  let index = 0;
  if (thinking) {
    write({ type: 'content_block_start', ...{ index, content_block: { type: 'thinking', thinking: '' } } });
    write({ type: 'content_block_delta', ...{ index, delta: { type: 'thinking_delta', thinking: 'Hm.' } } });
    await waitUntil(thinking.ms);
    if (!write({ type: 'content_block_stop', ...{ index: index++ } })) return;
  }
  await waitUntil(dueMs + (thinking?.ms ?? 0));
  const block = reply.kind === 'text' ? { type: 'text', text: '' } : { ...toolUse, input: {} };
  if (!write({ type: 'content_block_start', ...{ index, content_block: block } })) return;
  for (const [i, piece] of pieces.entries()) {
    await waitUntil(dueMs + (thinking?.ms ?? 0) + i * tokenMs);
    const delta =
      reply.kind === 'text'
        ? { type: 'text_delta', text: piece }
        : { type: 'input_json_delta', partial_json: piece };
    if (!write({ type: 'content_block_delta', ...{ index, delta } })) return;
    if (i === 0) record({ kind: 'first_token', requestId });
    if (reply.kind === 'text') sent += piece;
  }
  if (!write({ type: 'content_block_stop', ...{ index } })) return;
  const { cache_creation_input_tokens: _, ...totals } = usage;
  const delta = { stop_reason: stopReason, stop_sequence: null };
  if (!write({ type: 'message_delta', ...{ delta, usage: totals } })) return;
  if (!write({ type: 'message_stop' })) return;
  response.end();
  finish();
}

const toolName = (reply: ChatReply): string => (reply.kind === 'tool_call' ? reply.name : '');

/** A message as the receptionist knows it: the result of a tool is a user's message here. */
function toChatMessage(message: { role: string; content?: unknown }): ChatMessage {
  const parts = Array.isArray(message.content) ? (message.content as Record<string, unknown>[]) : [];
  const result = parts.find(({ type }) => type === 'tool_result');
  if (result) return { role: 'tool', content: contentText(result.content) };
  const calls = parts.filter(({ type }) => type === 'tool_use');
  return { ...message, ...(calls.length > 0 && { tool_calls: calls }) };
}

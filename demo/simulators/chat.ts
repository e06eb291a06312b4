import { nowMicros } from '../now.ts';
import { type Exchange, type RequestSimulator, serveExchanges } from './exchange.ts';
import type { Fault } from './fault.ts';
import type { Range } from './random.ts';
import {
  type ChatMessage,
  type ChatReply,
  type ChatScript,
  contentText,
  receptionist,
} from './receptionist.ts';
import { delay, readJson, type SimulatorOptions, sendJson } from './server.ts';
import { countPromptTokens, tokenize } from './tokens.ts';

/** Usage in the words of the API. */
export interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  /** Seconds; Groq gives these, OpenAI does not. */
  readonly queue_time?: number;
  readonly prompt_time?: number;
  readonly completion_time?: number;
  readonly total_time?: number;
}

/** What happened to one request of the chat simulator. */
export type ChatTruth = { readonly atMicros: number; readonly requestId: string } & (
  | {
      readonly kind: 'received';
      readonly path: string;
      readonly model: string;
      readonly stream: boolean;
      /** The request's `user` field, if it has one. */
      readonly user: string | undefined;
      readonly lastMessage: string;
    }
  /** The first chunk with content or a tool call was sent (of a plain answer: the whole of it). */
  | { readonly kind: 'first_token' }
  | {
      readonly kind: 'finished';
      readonly usage: ChatUsage;
      readonly reply: ChatReply;
      readonly usageSent: boolean;
    }
  /** The client went away before the end; `sent` is the text it was sent. */
  | { readonly kind: 'aborted'; readonly sent: string }
  | { readonly kind: 'failed'; readonly status: number | 'cut' }
);

/** What a request is answered with, and when; what is absent is as usual. Milliseconds. */
export interface ScriptedAnswer {
  readonly reply?: ChatReply;
  /** From the request to the first token. */
  readonly firstTokenMs?: number;
  /** When a token comes, after the first. @param index Of `count`, the first is 0. */
  readonly tokenMs?: (index: number, pieces: readonly string[]) => number;
  readonly fault?: Fault;
  /** Tokens that are counted, in place of those that there are. */
  readonly usage?: { readonly prompt?: number; readonly completion?: number; readonly cached?: number };
}

/** A request, as far as a script looks at it. */
export interface ScriptedRequest {
  readonly messages: readonly ChatMessage[];
  /** As the request has them. */
  readonly tools: readonly unknown[];
  /** It is the same again: an SDK tries several times. */
  readonly isRetry: boolean;
}

/** Behaviour of the chat simulator. */
export interface ChatOptions extends SimulatorOptions {
  /** Decides the answers. (Default: the receptionist.) */
  readonly script?: ChatScript;
  /** Milliseconds from request to first token. (Default: 150 to 400.) */
  readonly firstTokenMs?: Range;
  /** Tokens a second after the first. (Default: 50 to 100.) */
  readonly tokensPerSecond?: Range;
  /** Count the tokens of a stream without being asked, as Mistral, Cerebras, Together and OpenRouter do. (Default: false.) */
  readonly countsUnasked?: boolean;
  /** Report this many of the prompt's tokens as cached. (Default: nothing is said about caching.) */
  readonly cachedTokens?: number;
  /** Decides what is answered when. (Default: all is as usual.) */
  readonly scripted?: ((request: ScriptedRequest) => ScriptedAnswer) | undefined;
}

/** A running chat simulator: Groq below `/openai/v1`, OpenAI below `/v1`. */
export type ChatSimulator = RequestSimulator<ChatTruth>;

const PATHS: Readonly<Record<string, 'groq' | 'openai'>> = {
  '/openai/v1/chat/completions': 'groq',
  '/v1/chat/completions': 'openai',
};

/** Starts a server that speaks the chat completions API of Groq and OpenAI, streaming and not. */
export function startChatSimulator(options: ChatOptions = {}): Promise<ChatSimulator> {
  return serveExchanges('chat', options, answer);
}

async function answer(exchange: Exchange<ChatTruth, ChatOptions>): Promise<void> {
  const { request, response, random, options, faults, record } = exchange;
  const path = (request.url ?? '').split('?')[0] ?? '';
  const flavour = PATHS[path];
  const requestId = `${flavour === 'groq' ? 'req_' : 'chatcmpl-'}${random.uuid().replaceAll('-', '')}`;
  const fail = (status: number, message: string, headers: Record<string, string> = {}): void => {
    record({ kind: 'failed', requestId, status });
    const type =
      status === 429
        ? 'rate_limit_exceeded'
        : status >= 500
          ? 'internal_server_error'
          : 'invalid_request_error';
    sendJson(response, status, { error: { message, type } }, { 'x-request-id': requestId, ...headers });
  };
  const cut = (): void => {
    record({ kind: 'failed', requestId, status: 'cut' });
    response.destroy();
  };
  // The clock of the request starts when its head arrives, before its body is read.
  const arrived = performance.now();
  const arrivedMicros = nowMicros();
  const body = await readJson(request);
  if (!flavour || request.method !== 'POST') return fail(404, `Unknown request URL: ${path}`);
  if (!/^bearer ./i.test(request.headers.authorization ?? '')) return fail(401, 'Invalid API Key');
  const messages = body?.messages;
  if (!body || typeof body.model !== 'string' || !Array.isArray(messages) || messages.length === 0) {
    return fail(400, 'model and messages are required');
  }
  const stream = body.stream === true;
  const conversation = messages as ChatMessage[];
  const user = typeof body.user === 'string' ? body.user : undefined;
  const lastMessage = contentText(conversation.at(-1)?.content);
  record({ kind: 'received', requestId, path, model: body.model, stream, user, lastMessage }, arrivedMicros);
  const scripted = options.scripted?.({
    messages: conversation,
    tools: Array.isArray(body.tools) ? body.tools : [],
    isRetry: Number(request.headers['x-stainless-retry-count'] ?? 0) > 0,
  });
  const fault = faults.take() ?? scripted?.fault;
  if (fault?.kind === 'status') {
    const retryAfter = fault.retryAfterSeconds;
    return fail(
      fault.status,
      'refused by the simulator',
      retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` },
    );
  }

  const gone = new AbortController();
  let sent = '';
  let over = false;
  response.on('close', () => {
    if (!over) {
      over = true;
      record({ kind: 'aborted', requestId, sent });
    }
    gone.abort();
  });
  const script = options.script ?? receptionist;
  const reply = scripted?.reply ?? script(conversation, toolNames(body.tools));
  const pieces = reply.kind === 'text' ? tokenize(reply.text) : tokenize(JSON.stringify(reply.arguments));
  const firstTokenMs = scripted?.firstTokenMs ?? random.between(...(options.firstTokenMs ?? [150, 400]));
  const tokenMs = 1000 / random.between(...(options.tokensPerSecond ?? [50, 100]));
  const tokenAt = (index: number): number => scripted?.tokenMs?.(index, pieces) ?? index * tokenMs;
  const promptTokens =
    scripted?.usage?.prompt ??
    countPromptTokens(
      conversation.map(({ content, tool_calls }) => ({
        content: contentText(content),
        toolCalls: tool_calls,
      })),
      body.tools,
    );
  const completionTokens = scripted?.usage?.completion ?? pieces.length;
  const cachedTokens = scripted?.usage?.cached ?? options.cachedTokens;
  const usage: ChatUsage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    ...(cachedTokens !== undefined && {
      prompt_tokens_details: { cached_tokens: Math.min(cachedTokens, promptTokens) },
    }),
    ...(flavour === 'groq' && {
      queue_time: 0.01,
      prompt_time: firstTokenMs / 1000,
      completion_time: tokenAt(pieces.length) / 1000,
      total_time: (firstTokenMs + tokenAt(pieces.length)) / 1000,
    }),
  };
  const callId = `call_${random.uuid().slice(0, 8)}`;
  const finishReason = reply.kind === 'text' ? 'stop' : 'tool_calls';
  const base = {
    id: requestId,
    created: Math.floor(Date.now() / 1000),
    model: body.model,
    system_fingerprint: 'fp_simulator',
  };
  const finish = (usageSent: boolean): void => {
    over = true;
    record({ kind: 'finished', requestId, usage, reply, usageSent });
  };
  const dueMs = firstTokenMs + (fault?.kind === 'delay' ? fault.ms : 0);
  const waitUntil = (ms: number): Promise<void> => delay(arrived + ms - performance.now(), gone.signal);

  if (!stream) {
    await waitUntil(dueMs + tokenAt(pieces.length));
    if (gone.signal.aborted) return;
    over = true;
    if (fault?.kind === 'cut') return cut();
    record({ kind: 'first_token', requestId });
    const toolCall = reply.kind === 'tool_call' && {
      tool_calls: [
        {
          id: callId,
          type: 'function',
          function: { name: reply.name, arguments: JSON.stringify(reply.arguments) },
        },
      ],
    };
    const message = { role: 'assistant', content: reply.kind === 'text' ? reply.text : null, ...toolCall };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason }];
    const whole = { ...base, object: 'chat.completion', choices, usage };
    sendJson(response, 200, flavour === 'groq' ? { ...whole, x_groq: { id: requestId } } : whole);
    return finish(true);
  }

  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-request-id': requestId,
  });
  response.flushHeaders();
  const streamOptions = body.stream_options as { include_usage?: unknown } | undefined;
  const includeUsage = options.countsUnasked === true || streamOptions?.include_usage === true;
  const cutAfter = fault?.kind === 'cut' ? fault.afterChunks : undefined;
  let chunks = 0;
  /** False when the connection is over. */
  const write = (choices: readonly object[], extra: object = {}): boolean => {
    if (gone.signal.aborted || over) return false;
    if (chunks++ === cutAfter) {
      over = true;
      cut();
      return false;
    }
    response.write(
      `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices, ...extra })}\n\n`,
    );
    return true;
  };
  const choice = (delta: object, reason: string | null = null): readonly object[] => [
    { index: 0, delta, logprobs: null, finish_reason: reason },
  ];
  const groq = (facts: object): object => (flavour === 'groq' ? { x_groq: { id: requestId, ...facts } } : {});

  await waitUntil(dueMs);
  if (!write(choice({ role: 'assistant', content: reply.kind === 'text' ? '' : null }), groq({}))) return;
  const deltas =
    reply.kind === 'text' ? pieces.map((content) => ({ content })) : toolDeltas(callId, reply.name, pieces);
  for (const [i, delta] of deltas.entries()) {
    await waitUntil(dueMs + tokenAt(i));
    if (!write(choice(delta))) return;
    if (i === 0) record({ kind: 'first_token', requestId });
    if ('content' in delta) sent += delta.content;
  }
  if (!write(choice({}, finishReason), groq({ usage }))) return;
  if (includeUsage && !write([], { usage })) return;
  response.end('data: [DONE]\n\n');
  finish(includeUsage || flavour === 'groq');
}

function toolNames(tools: unknown): string[] {
  if (!Array.isArray(tools)) return [];
  return tools.map((tool) => String((tool as { function?: { name?: unknown } }).function?.name ?? ''));
}

/** The deltas of a streamed tool call: id and name with the first piece of the arguments, then the other pieces. */
function toolDeltas(id: string, name: string, pieces: readonly string[]): object[] {
  return pieces.map((piece, i) => ({
    tool_calls: [
      i === 0
        ? { index: 0, id, type: 'function', function: { name, arguments: piece } }
        : { index: 0, function: { arguments: piece } },
    ],
  }));
}

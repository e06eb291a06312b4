import type { IncomingMessage, ServerResponse } from 'node:http';
import { nowMicros } from '../../../demo/now.ts';
import { Faults } from '../../../demo/simulators/fault.ts';
import { createRandom, type Range } from '../../../demo/simulators/random.ts';
import {
  type ChatMessage,
  type ChatReply,
  type ChatScript,
  receptionist,
} from '../../../demo/simulators/receptionist.ts';
import {
  delay,
  listenOnLoopback,
  readJson,
  type Simulator,
  type SimulatorOptions,
  sendJson,
} from '../../../demo/simulators/server.ts';
import { countPromptTokens, tokenize } from '../../../demo/simulators/tokens.ts';

/** Usage in the words of the API. */
interface GeminiUsage {
  readonly promptTokenCount: number;
  readonly candidatesTokenCount: number;
  readonly totalTokenCount: number;
  readonly thoughtsTokenCount?: number;
  readonly cachedContentTokenCount?: number;
  readonly promptTokensDetails: readonly { readonly modality: string; readonly tokenCount: number }[];
}

/** What happened to one request. */
export type GeminiTruth = { readonly atMicros: number } & (
  | { readonly kind: 'received'; readonly path: string; readonly model: string }
  | { readonly kind: 'first_token' }
  | { readonly kind: 'finished'; readonly usage: GeminiUsage; readonly reply: ChatReply }
  | { readonly kind: 'aborted'; readonly sent: string }
  | { readonly kind: 'failed'; readonly status: number | 'cut' }
);

export interface GeminiOptions extends SimulatorOptions {
  /** Decides the answers. (Default: the receptionist.) */
  readonly script?: ChatScript;
  /** Milliseconds from request to first token. (Default: 150 to 400.) */
  readonly firstTokenMs?: Range;
  /** Tokens a second after the first. (Default: 50 to 100.) */
  readonly tokensPerSecond?: Range;
  /** Think first: a chunk of thoughts of so many tokens. (Default: none.) */
  readonly thoughtTokens?: number;
  /** Report this many of the prompt's tokens as cached. */
  readonly cachedTokens?: number;
}

export interface GeminiSimulator extends Simulator<GeminiTruth> {
  readonly faults: Faults;
}

/** `/v1beta/models/NAME:METHOD` of Gemini, `/v1beta1/publishers/google/models/NAME:METHOD` of Vertex AI. */
const PATH = /\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;

/** Starts a server that speaks `generateContent` of Gemini and Vertex AI, streaming and not. */
export async function startGeminiSimulator(options: GeminiOptions = {}): Promise<GeminiSimulator> {
  const truth: GeminiTruth[] = [];
  const faults = new Faults();
  let requests = 0;
  const server = await listenOnLoopback({
    onRequest: (request, response) => {
      const exchange = { request, response, options, truth, faults, number: ++requests };
      void answer(exchange).catch(() => response.destroy());
    },
  });
  return { ...server, truth, faults };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly options: GeminiOptions;
  readonly truth: GeminiTruth[];
  readonly faults: Faults;
  readonly number: number;
}

async function answer({ request, response, options, truth, faults, number }: Exchange): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const [, model, method] = PATH.exec(path) ?? [];
  const body = await readJson(request);
  const arrived = performance.now();
  if (model === undefined) return sendJson(response, 404, error(404, 'NOT_FOUND'));
  truth.push({ atMicros: nowMicros(), kind: 'received', path, model });
  const fault = faults.take();
  if (fault?.kind === 'status') {
    truth.push({ atMicros: nowMicros(), kind: 'failed', status: fault.status });
    return sendJson(response, fault.status, error(fault.status, 'RESOURCE_EXHAUSTED'));
  }
  const random = createRandom(options.seed ?? 1, `gemini:${number}`);
  const conversation = toChat(body);
  const tools = declarations(body?.tools);
  const reply = (options.script ?? receptionist)(conversation, tools);
  const pieces = reply.kind === 'text' ? tokenize(reply.text) : [JSON.stringify(reply.arguments)];
  const promptTokens = countPromptTokens(
    conversation.map(({ content }) => ({ content: String(content ?? ''), toolCalls: undefined })),
    body?.tools,
  );
  const thoughts = options.thoughtTokens;
  const usage = (candidatesTokenCount: number): GeminiUsage => ({
    promptTokenCount: promptTokens,
    candidatesTokenCount,
    totalTokenCount: promptTokens + candidatesTokenCount + (thoughts ?? 0),
    ...(thoughts !== undefined && { thoughtsTokenCount: thoughts }),
    ...(options.cachedTokens !== undefined && { cachedContentTokenCount: options.cachedTokens }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokens }],
  });
  const gone = new AbortController();
  let over = false;
  let sent = '';
  response.on('close', () => {
    if (!over) truth.push({ atMicros: nowMicros(), kind: 'aborted', sent });
    over = true;
    gone.abort();
  });
  const chunk = (parts: readonly object[], tokens: number, finishReason?: string): object => ({
    candidates: [{ content: { role: 'model', parts }, index: 0, ...(finishReason && { finishReason }) }],
    usageMetadata: usage(tokens),
    modelVersion: model,
    responseId: `response-${number}`,
  });
  const part = (piece: string): object =>
    reply.kind === 'text'
      ? { text: piece }
      : { functionCall: { name: reply.name, args: reply.arguments, id: `call-${number}` } };
  const waitUntil = (ms: number): Promise<void> => delay(arrived + ms - performance.now(), gone.signal);
  const firstMs = random.between(...(options.firstTokenMs ?? [150, 400]));
  const tokenMs = 1000 / random.between(...(options.tokensPerSecond ?? [50, 100]));

  if (method === 'generateContent') {
    await waitUntil(firstMs + pieces.length * tokenMs);
    if (over) return;
    over = true;
    truth.push({ atMicros: nowMicros(), kind: 'first_token' });
    sendJson(response, 200, chunk([part(pieces.join(''))], pieces.length, 'STOP'));
    truth.push({ atMicros: nowMicros(), kind: 'finished', usage: usage(pieces.length), reply });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  const write = (data: object): void => void response.write(`data: ${JSON.stringify(data)}\r\n\r\n`);
  if (thoughts !== undefined) {
    await waitUntil(firstMs / 2);
    write(chunk([{ text: 'Let me think.', thought: true }], 0));
  }
  for (const [i, piece] of pieces.entries()) {
    await waitUntil(firstMs + i * tokenMs);
    if (over) return;
    if (fault?.kind === 'cut' && i === fault.afterChunks) {
      over = true;
      truth.push({ atMicros: nowMicros(), kind: 'failed', status: 'cut' });
      return void response.destroy();
    }
    const last = i === pieces.length - 1;
    write(chunk([part(piece)], i + 1, last ? 'STOP' : undefined));
    sent += piece;
    if (i === 0) truth.push({ atMicros: nowMicros(), kind: 'first_token' });
  }
  over = true;
  response.end();
  truth.push({ atMicros: nowMicros(), kind: 'finished', usage: usage(pieces.length), reply });
}

const error = (code: number, status: string): object => ({
  error: { code, status, message: 'refused by the simulator' },
});

interface Content {
  readonly role?: string;
  readonly parts?: readonly {
    readonly text?: string;
    readonly functionResponse?: { readonly response?: unknown };
  }[];
}

/** What a script of chat answers is told: the last message of a tool is its result as JSON. */
function toChat(body: Readonly<Record<string, unknown>> | undefined): ChatMessage[] {
  const system = (body?.systemInstruction as Content | undefined)?.parts;
  const contents = (body?.contents ?? []) as readonly Content[];
  return [...(system ? [{ role: 'system', parts: system }] : []), ...contents].map(({ role, parts = [] }) => {
    const result = parts.find(({ functionResponse }) => functionResponse)?.functionResponse?.response;
    if (result !== undefined) return { role: 'tool', content: JSON.stringify(result) };
    const content = parts.map(({ text }) => text ?? '').join('');
    return { role: role === 'model' ? 'assistant' : (role ?? 'user'), content };
  });
}

const declarations = (tools: unknown): string[] =>
  (Array.isArray(tools) ? tools : []).flatMap((tool) =>
    ((tool as { functionDeclarations?: { name?: string }[] }).functionDeclarations ?? []).map(({ name }) =>
      String(name),
    ),
  );

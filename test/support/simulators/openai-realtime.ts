import type { IncomingMessage } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import { at, foreign } from '../../../instrumentation/sdks/kit/patch.ts';
import { Faults } from './fault.ts';
import { type Heard, Listener } from './listening.ts';
import { createRandom, type Random, type Range } from './random.ts';
import { RealtimeHistory, type RealtimeUsage, textTokens, userAudioTokens } from './realtime-history.ts';
import { describeSession, freshSettings, type RealtimeSettings, updated } from './realtime-session.ts';
import { type ChatReply, type ChatScript, receptionist } from './receptionist.ts';
import { Sequence } from './sequence.ts';
import {
  delay,
  listenOnLoopback,
  recorder,
  type Simulator,
  type SimulatorOptions,
  type Untimed,
} from './server.ts';
import { tokenize } from './tokens.ts';
import { SAMPLE_BYTES, synthesize } from './voice.ts';

/** What happened on one connection of the Realtime simulator. */
export type RealtimeTruth = { readonly atMicros: number; readonly sessionId: string } & (
  | { readonly kind: 'opened'; readonly model: string; readonly headers: IncomingMessage['headers'] }
  | { readonly kind: 'refused'; readonly status: number }
  /** An event other than audio came. */
  | { readonly kind: 'received'; readonly event: Readonly<Record<string, unknown>> }
  /** An event was sent, named as in the present API. */
  | { readonly kind: 'sent'; readonly type: string; readonly responseId?: string; readonly itemId?: string }
  /** A response is over; `audioSeconds` of it were sent. */
  | {
      readonly kind: 'responded';
      readonly responseId: string;
      readonly status: 'completed' | 'cancelled' | 'failed';
      readonly audioSeconds: number;
      readonly text: string;
      readonly usage: RealtimeUsage | undefined;
    }
  /** An utterance was transcribed; the tokens of a model that counts them. */
  | {
      readonly kind: 'transcribed';
      readonly itemId: string;
      readonly text: string;
      readonly seconds: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
    }
  | { readonly kind: 'closed'; readonly audioSeconds: number }
);

/** Delays of the Realtime simulator, in milliseconds of wall-clock time, and what it says. */
export interface RealtimeOptions extends SimulatorOptions {
  /** `wss`, which the classes of `openai` insist on. (Default: true.) */
  readonly tls?: boolean;
  /** From the audio that causes an event to the event. (Default: 10 to 40.) */
  readonly processingMs?: Range;
  /** From `response.created` to the first of its content. (Default: 150 to 300.) */
  readonly thinkingMs?: Range;
  /** From the end of an utterance to its transcript. (Default: 200 to 500.) */
  readonly transcriptionMs?: Range;
  /** How much faster than it is heard audio is sent. (Default: 4.) */
  readonly pace?: number;
  /** (Default: the receptionist.) */
  readonly script?: ChatScript;
}

/** A running Realtime simulator. */
export interface RealtimeSimulator extends Simulator<RealtimeTruth> {
  /** Origin for WebSockets. */
  readonly wsUrl: string;
  /** The certificate, for `NODE_EXTRA_CA_CERTS`; undefined without TLS. */
  readonly caPath: string | undefined;
  readonly faults: Faults;
  /** The next response fails with this error instead of saying anything. */
  failNext(error: { readonly type: string; readonly code: string }): void;
  /** Sends an event to every client that is connected. */
  tell(event: Readonly<Record<string, unknown>>): void;
}

const GREETING = "Hello, this is Luigi's. How can I help?";
const CHUNK_MS = 200;

/**
 * Starts a server that speaks OpenAI's Realtime API over WebSocket, in its present form and, when the client asks with the
 * header `OpenAI-Beta`, that of the beta. It recognises the recordings of test/fixtures/speech, and answers with a hum.
 */
export async function startRealtimeSimulator(options: RealtimeOptions = {}): Promise<RealtimeSimulator> {
  const { seed = 1, tls = true } = options;
  const truth: RealtimeTruth[] = [];
  const faults = new Faults();
  const failures: object[] = [];
  const sessions = new Set<Session>();
  let connections = 0;
  const server = await listenOnLoopback({
    tls,
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: async ({ request, url, accept, refuse }) => {
      const random = createRandom(seed, `realtime:${++connections}`);
      const sessionId = `sess_${random.uuid()}`;
      const record = recorder(truth);
      const fault = faults.take();
      const status = fault?.kind === 'status' ? fault.status : refusal(request, url);
      if (status !== undefined) {
        record({ kind: 'refused', sessionId, status });
        return refuse(status);
      }
      if (fault?.kind === 'delay') await delay(fault.ms);
      accept((ws) => {
        const model = url.searchParams.get('model') ?? 'gpt-realtime';
        record({ kind: 'opened', sessionId, model, headers: request.headers });
        const session = new Session({
          ws,
          sessionId,
          model,
          random,
          options,
          record,
          failures,
          beta: request.headers['openai-beta'] === 'realtime=v1',
          cutAfter: fault?.kind === 'cut' ? fault.afterChunks : undefined,
        });
        sessions.add(session);
        ws.on('close', () => sessions.delete(session));
      });
    },
  });
  return {
    ...server,
    truth,
    faults,
    failNext: (error) => void failures.push(error),
    tell: (event) => {
      for (const session of sessions) session.send({ ...event, type: String(event.type) });
    },
  };
}

function refusal(request: IncomingMessage, url: URL): number | undefined {
  if (url.pathname !== '/v1/realtime') return 404;
  const key = /^bearer ./i.test(request.headers.authorization ?? '');
  // A WebSocket of the platform has no headers to put it into.
  return key || /openai-insecure-api-key/.test(String(request.headers['sec-websocket-protocol']))
    ? undefined
    : 401;
}

interface SessionInit {
  readonly ws: WebSocket;
  readonly sessionId: string;
  readonly model: string;
  readonly random: Random;
  readonly options: RealtimeOptions;
  readonly record: (event: Untimed<RealtimeTruth>) => void;
  readonly failures: object[];
  readonly beta: boolean;
  readonly cutAfter: number | undefined;
}

type ServerEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Names of the beta, by those of today. */
const BETA_NAMES: Readonly<Record<string, string>> = {
  'response.output_audio.delta': 'response.audio.delta',
  'response.output_audio.done': 'response.audio.done',
  'response.output_audio_transcript.delta': 'response.audio_transcript.delta',
  'response.output_audio_transcript.done': 'response.audio_transcript.done',
  'conversation.item.added': 'conversation.item.created',
};
/** What a model for turn detection waits for, here. */
const SEMANTIC_SILENCE_MS = 600;

interface Response {
  readonly id: string;
  readonly abort: AbortController;
  reason?: 'turn_detected' | 'client_cancelled';
}

/** Audio of the user that was not committed yet. */
interface Buffered {
  itemId: string;
  startMs: number;
  words: string[];
}

class Session {
  readonly #init: SessionInit;
  readonly #history = new RealtimeHistory();
  readonly #sequence: Sequence;
  #gone = false;
  #settings: RealtimeSettings;
  #listener: Listener | undefined;
  /** Seconds of audio that earlier listeners took. */
  #seconds = 0;
  #buffered: Buffered;
  #response: Response | undefined;
  #spoken = new Map<string, number>();
  #sent = 0;
  #ids = 0;

  constructor(init: SessionInit) {
    this.#init = init;
    this.#sequence = new Sequence(init.random, init.options.processingMs ?? [10, 40]);
    this.#settings = freshSettings(init.model);
    this.#buffered = this.#empty();
    const { ws } = init;
    ws.on('message', (data: RawData) => this.#onMessage(JSON.parse(String(data))));
    ws.on('error', () => {});
    ws.on('close', () => {
      this.#gone = true;
      this.#response?.abort.abort();
      this.#sequence.stop();
      init.record({ kind: 'closed', sessionId: init.sessionId, audioSeconds: this.#position });
    });
    this.#describe('session.created');
  }

  /** Sends an event. */
  send(event: ServerEvent): void {
    const { ws, cutAfter, record, sessionId, beta } = this.#init;
    if (ws.readyState !== ws.OPEN) return;
    if (cutAfter !== undefined && this.#sent >= cutAfter) {
      ws.terminate();
      return;
    }
    this.#sent++;
    const type = (beta && BETA_NAMES[event.type]) || event.type;
    record({
      kind: 'sent',
      sessionId,
      type: event.type,
      ...(typeof event.response_id === 'string' && { responseId: event.response_id }),
      ...(typeof event.item_id === 'string' && { itemId: event.item_id }),
    });
    ws.send(JSON.stringify({ ...event, type, event_id: `event_${this.#sent}` }));
  }

  get #position(): number {
    return this.#seconds + (this.#listener?.audioSeconds ?? 0);
  }

  #id(prefix: string): string {
    return `${prefix}_${this.#init.sessionId.slice(5, 13)}_${++this.#ids}`;
  }

  #empty(): Buffered {
    return { itemId: this.#id('item'), startMs: Math.round(this.#position * 1_000), words: [] };
  }

  #describe(type: string): void {
    const { sessionId, beta } = this.#init;
    this.send({ type, session: describeSession(sessionId, this.#settings, beta) });
  }

  #onMessage(event: Readonly<Record<string, unknown>>): void {
    if (event.type === 'input_audio_buffer.append') {
      this.#listen().push(Buffer.from(String(event.audio), 'base64'));
      return;
    }
    const { record, sessionId, beta } = this.#init;
    record({ kind: 'received', sessionId, event });
    switch (event.type) {
      case 'session.update':
        this.#seconds = this.#position;
        this.#listener = undefined;
        this.#settings = updated(this.#settings, event.session, beta);
        this.#describe('session.updated');
        break;
      case 'input_audio_buffer.commit':
        this.#committedByClient(event);
        break;
      case 'input_audio_buffer.clear':
        this.#buffered = this.#empty();
        this.send({ type: 'input_audio_buffer.cleared' });
        break;
      case 'response.create':
        this.#respond(event);
        break;
      case 'response.cancel':
        if (this.#response) this.#cancel('client_cancelled');
        else this.#refuse(event, 'response_cancel_not_active');
        break;
      case 'conversation.item.create':
        this.#add(event.item);
        break;
      case 'conversation.item.truncate':
        this.#truncate(event);
        break;
      case 'conversation.item.retrieve':
        break;
      default:
        this.#refuse(event, 'unknown_event');
    }
  }

  #refuse(event: Readonly<Record<string, unknown>>, code: string): void {
    const error = { type: 'invalid_request_error', code, message: code, param: null };
    this.send({ type: 'error', error: { ...error, event_id: event.event_id ?? null } });
  }

  #listen(): Listener {
    const { turnDetection, input } = this.#settings;
    const silenceMs =
      turnDetection?.type === 'semantic_vad'
        ? SEMANTIC_SILENCE_MS
        : (turnDetection?.silence_duration_ms as number | undefined);
    this.#listener ??= new Listener(
      {
        encoding: input.encoding === 'pcm_s16le' ? 'linear16' : 'mulaw',
        sampleRate: input.rate,
        interimResults: false,
        endpointingMs: silenceMs,
        utteranceEndMs: undefined,
        random: this.#init.random,
      },
      (heard) => this.#heard(heard),
    );
    return this.#listener;
  }

  #heard(heard: Heard): void {
    if (heard.kind === 'utterance_end') return;
    if (heard.kind === 'results') this.#buffered.words.push(...heard.words.map(({ word }) => word));
    if (this.#settings.turnDetection === null) return;
    if (heard.kind === 'speech_started') {
      const { prefix_padding_ms: prefix = 0 } = this.#settings.turnDetection;
      this.#buffered.startMs = Math.max(
        0,
        Math.round((this.#seconds + heard.atSeconds) * 1_000) - Number(prefix),
      );
      const { itemId, startMs } = this.#buffered;
      this.#sequence.later(() => this.#speechStarted(itemId, startMs));
    } else if (heard.speechFinal) {
      const buffered = this.#buffered;
      const endMs = Math.round((this.#seconds + heard.start + heard.duration) * 1_000);
      this.#buffered = this.#empty();
      this.#sequence.later(() => this.#speechStopped(buffered, endMs));
    }
  }

  #speechStarted(itemId: string, startMs: number): void {
    this.send({ type: 'input_audio_buffer.speech_started', item_id: itemId, audio_start_ms: startMs });
    if (this.#settings.turnDetection?.interrupt_response === true && this.#response)
      this.#cancel('turn_detected');
  }

  #speechStopped(buffered: Buffered, endMs: number): void {
    this.send({
      type: 'input_audio_buffer.speech_stopped',
      item_id: buffered.itemId,
      audio_end_ms: endMs,
    });
    this.#commit(buffered, endMs);
    const responds = this.#settings.turnDetection?.create_response === true;
    if (responds && !this.#response && !this.#settings.listensOnly) this.#respond({});
  }

  #committedByClient(event: Readonly<Record<string, unknown>>): void {
    this.#listener?.finalize(false);
    const buffered = this.#buffered;
    const endMs = Math.round(this.#position * 1_000);
    // As the service has it: less than 100 ms is nothing.
    if (endMs - buffered.startMs < 100) {
      this.#refuse(event, 'input_audio_buffer_commit_empty');
      return;
    }
    this.#buffered = this.#empty();
    this.#commit(buffered, endMs);
  }

  #commit({ itemId, startMs, words }: Buffered, endMs: number): void {
    const spoken = words.join(' ');
    const seconds = (endMs - startMs) / 1_000;
    this.send({ type: 'input_audio_buffer.committed', item_id: itemId, previous_item_id: null });
    const item = { id: itemId, type: 'message', role: 'user', status: 'completed' };
    this.send({
      type: 'conversation.item.added',
      previous_item_id: null,
      item: { ...item, content: [{ type: 'input_audio', transcript: null }] },
    });
    this.#history.userSaid(spoken, seconds);
    const { transcriptionModel } = this.#settings;
    if (transcriptionModel !== undefined) this.#transcribe(itemId, spoken, seconds, transcriptionModel);
  }

  async #transcribe(itemId: string, spoken: string, seconds: number, model: string): Promise<void> {
    const { random, options } = this.#init;
    const prefix = 'conversation.item.input_audio_transcription';
    await delay(random.between(...(options.transcriptionMs ?? [200, 500])));
    if (this.#gone) return;
    const [first = '', ...rest] = spoken.split(' ');
    this.send({ type: `${prefix}.delta`, item_id: itemId, content_index: 0, delta: first });
    if (rest.length > 0)
      this.send({ type: `${prefix}.delta`, item_id: itemId, content_index: 0, delta: ` ${rest.join(' ')}` });
    const audioTokens = userAudioTokens(seconds);
    const outputTokens = textTokens(spoken);
    this.#init.record({
      kind: 'transcribed',
      sessionId: this.#init.sessionId,
      itemId,
      text: spoken,
      seconds,
      inputTokens: audioTokens,
      outputTokens,
    });
    this.send({
      type: `${prefix}.completed`,
      item_id: itemId,
      content_index: 0,
      transcript: spoken,
      usage: /whisper/.test(model)
        ? { type: 'duration', seconds }
        : {
            type: 'tokens',
            total_tokens: audioTokens + outputTokens,
            input_tokens: audioTokens,
            input_token_details: { text_tokens: 0, audio_tokens: audioTokens },
            output_tokens: outputTokens,
          },
    });
  }

  #add(value: unknown): void {
    const item = foreign(value) ?? {};
    if (item.type === 'function_call_output') this.#history.toolGave(String(item.output));
    else if (item.type === 'message') this.#history.userWrote(String(at(item, 'content', '0', 'text')));
    this.send({ type: 'conversation.item.added', item: { id: this.#id('item'), ...item } });
  }

  #truncate(event: Readonly<Record<string, unknown>>): void {
    const itemId = String(event.item_id);
    const saidMs = (this.#spoken.get(itemId) ?? 0) * 1_000;
    if (Number(event.audio_end_ms) > saidMs) {
      this.#refuse(event, 'invalid_value');
      return;
    }
    const { audio_end_ms, content_index } = event;
    this.send({ type: 'conversation.item.truncated', item_id: itemId, content_index, audio_end_ms });
  }

  #cancel(reason: 'turn_detected' | 'client_cancelled'): void {
    if (!this.#response) return;
    this.#response.reason = reason;
    this.#response.abort.abort();
  }

  #respond(event: Readonly<Record<string, unknown>>): void {
    if (this.#response) {
      this.#refuse(event, 'conversation_already_has_active_response');
      return;
    }
    const response: Response = { id: this.#id('resp'), abort: new AbortController() };
    this.#response = response;
    this.#sequence.later(() => this.#generate(response));
  }

  async #generate(response: Response): Promise<void> {
    const { random, options, failures } = this.#init;
    const { id, abort } = response;
    const { output } = this.#settings;
    this.send({
      type: 'response.created',
      response: { id, object: 'realtime.response', status: 'in_progress', output: [] },
    });
    await delay(random.between(...(options.thinkingMs ?? [150, 300])), abort.signal);
    const failure = failures.shift();
    if (failure) return this.#done(response, 'failed', [], '', 0, failure);
    const reply: ChatReply = this.#reply();
    if (reply.kind === 'tool_call') {
      const json = JSON.stringify(reply.arguments);
      const item = await this.#callTool(id, reply.name, json, abort.signal);
      return this.#done(response, abort.signal.aborted ? 'cancelled' : 'completed', [item], json, 0);
    }
    const itemId = this.#id('item');
    const message = { id: itemId, object: 'realtime.item', type: 'message', role: 'assistant' };
    const place = { response_id: id, item_id: itemId, output_index: 0, content_index: 0 };
    if (!abort.signal.aborted) {
      this.send({
        type: 'response.output_item.added',
        response_id: id,
        output_index: 0,
        item: { ...message, status: 'in_progress', content: [] },
      });
      this.send({ type: 'response.content_part.added', ...place, part: { type: 'audio', transcript: '' } });
    }
    const audio = synthesize(reply.text, output.encoding, output.rate);
    const bytesPerSecond = output.rate * SAMPLE_BYTES[output.encoding];
    const chunkBytes = (bytesPerSecond * CHUNK_MS) / 1_000;
    const tokens = tokenize(reply.text);
    const begun = performance.now();
    let [sent, said] = [0, 0];
    while (sent < audio.length && !abort.signal.aborted) {
      const chunk = audio.subarray(sent, sent + chunkBytes);
      sent += chunk.length;
      const reached = Math.ceil((sent / audio.length) * tokens.length);
      const delta = tokens.slice(said, reached).join('');
      said = reached;
      this.#spoken.set(itemId, sent / bytesPerSecond);
      if (delta) this.send({ type: 'response.output_audio_transcript.delta', ...place, delta });
      this.send({ type: 'response.output_audio.delta', ...place, delta: chunk.toString('base64') });
      const due = begun + (sent / bytesPerSecond) * (1_000 / (options.pace ?? 4));
      if (sent < audio.length) await delay(due - performance.now(), abort.signal);
    }
    const status = abort.signal.aborted ? 'cancelled' : 'completed';
    const transcript = tokens.slice(0, said).join('');
    const content = [{ type: 'output_audio', transcript }];
    const item = { ...message, status: status === 'completed' ? status : 'incomplete', content };
    if (said > 0) {
      this.send({ type: 'response.output_audio.done', ...place });
      this.send({ type: 'response.output_audio_transcript.done', ...place, transcript });
      this.send({ type: 'response.output_item.done', response_id: id, output_index: 0, item });
    }
    this.#done(response, status, said > 0 ? [item] : [], transcript, sent / bytesPerSecond);
  }

  #reply(): ChatReply {
    const { messages } = this.#history;
    if (!messages.some(({ role }) => role !== 'assistant')) return { kind: 'text', text: GREETING };
    const names = this.#settings.tools.map(({ name }) => name);
    return (this.#init.options.script ?? receptionist)(messages, names);
  }

  async #callTool(responseId: string, name: string, json: string, signal: AbortSignal): Promise<object> {
    const callId = this.#id('call');
    const item = {
      id: this.#id('item'),
      object: 'realtime.item',
      type: 'function_call',
      name,
      call_id: callId,
    };
    const place = { response_id: responseId, item_id: item.id, output_index: 0, call_id: callId };
    const complete = { ...item, status: 'completed', arguments: json };
    if (signal.aborted) return complete;
    const added = { ...item, status: 'in_progress', arguments: '' };
    this.send({ type: 'response.output_item.added', response_id: responseId, output_index: 0, item: added });
    for (const delta of tokenize(json)) {
      this.send({ type: 'response.function_call_arguments.delta', ...place, delta });
      await delay(2, signal);
    }
    this.send({ type: 'response.function_call_arguments.done', ...place, name, arguments: json });
    this.send({
      type: 'response.output_item.done',
      response_id: responseId,
      output_index: 0,
      item: complete,
    });
    return complete;
  }

  #done(
    response: Response,
    status: 'completed' | 'cancelled' | 'failed',
    output: readonly object[],
    said: string,
    audioSeconds: number,
    error?: object,
  ): void {
    const { instructions, tools } = this.#settings;
    const usage =
      status === 'failed'
        ? undefined
        : this.#history.answered(instructions + JSON.stringify(tools), said, audioSeconds);
    const details =
      status === 'completed'
        ? null
        : { type: status, ...(response.reason && { reason: response.reason }), ...(error && { error }) };
    this.#response = undefined;
    this.#init.record({
      kind: 'responded',
      sessionId: this.#init.sessionId,
      responseId: response.id,
      status,
      audioSeconds,
      text: said,
      usage,
    });
    this.send({
      type: 'response.done',
      response: {
        id: response.id,
        object: 'realtime.response',
        status,
        status_details: details,
        output,
        usage: usage ?? null,
        metadata: null,
      },
    });
  }
}

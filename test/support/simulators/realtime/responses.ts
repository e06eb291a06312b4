import { type ChatReply, receptionist } from '../../../../demo/simulators/receptionist.ts';
import type { Sequence } from '../../../../demo/simulators/sequence.ts';
import { delay } from '../../../../demo/simulators/server.ts';
import { tokenize } from '../../../../demo/simulators/tokens.ts';
import { SAMPLE_BYTES, synthesize } from '../../../../demo/simulators/voice.ts';
import type { ClientEvent, RealtimeConnection } from './connection.ts';
import type { RealtimeHistory } from './history.ts';
import type { RealtimeSettings } from './session.ts';

const GREETING = "Hello, this is Luigi's. How can I help?";
const CHUNK_MS = 200;
const A_DAY_MS = 86_400_000;

interface Response {
  readonly id: string;
  readonly abort: AbortController;
  reason?: 'turn_detected' | 'client_cancelled';
}

interface ResponsesInit {
  readonly connection: RealtimeConnection;
  readonly sequence: Sequence;
  readonly settings: () => RealtimeSettings;
  readonly history: RealtimeHistory;
}

/** What the model answers: one response at a time, in audio or by calling a tool. */
export class RealtimeResponses {
  readonly #init: ResponsesInit;
  #response: Response | undefined;
  /** Seconds of audio that were sent of each item. */
  readonly #spoken = new Map<string, number>();

  constructor(init: ResponsesInit) {
    this.#init = init;
  }

  get active(): boolean {
    return this.#response !== undefined;
  }

  respond(event: ClientEvent): void {
    const { connection, sequence } = this.#init;
    if (this.#response) {
      connection.refuse(event, 'conversation_already_has_active_response');
      return;
    }
    const response: Response = { id: connection.id('resp'), abort: new AbortController() };
    this.#response = response;
    sequence.later(() => this.#generate(response));
  }

  cancel(reason: 'turn_detected' | 'client_cancelled'): void {
    if (!this.#response) return;
    this.#response.reason = reason;
    this.#response.abort.abort();
  }

  /** The client is gone. */
  stop(): void {
    this.#response?.abort.abort();
  }

  truncate(event: ClientEvent): void {
    const { connection } = this.#init;
    const itemId = String(event.item_id);
    const saidMs = (this.#spoken.get(itemId) ?? 0) * 1_000;
    if (Number(event.audio_end_ms) > saidMs) {
      connection.refuse(event, 'invalid_value');
      return;
    }
    const { audio_end_ms, content_index } = event;
    connection.send({ type: 'conversation.item.truncated', item_id: itemId, content_index, audio_end_ms });
  }

  async #generate(response: Response): Promise<void> {
    const { connection, settings } = this.#init;
    const { random, options, failures } = connection.init;
    const { id, abort } = response;
    const { output } = settings();
    connection.send({
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
    const itemId = connection.id('item');
    const message = { id: itemId, object: 'realtime.item', type: 'message', role: 'assistant' };
    const place = { response_id: id, item_id: itemId, output_index: 0, content_index: 0 };
    if (!abort.signal.aborted) {
      connection.send({
        type: 'response.output_item.added',
        response_id: id,
        output_index: 0,
        item: { ...message, status: 'in_progress', content: [] },
      });
      connection.send({
        type: 'response.content_part.added',
        ...place,
        part: { type: 'audio', transcript: '' },
      });
    }
    const audio = synthesize(reply.text, output.encoding, output.rate);
    const bytesPerSecond = output.rate * SAMPLE_BYTES[output.encoding];
    const chunkBytes = (bytesPerSecond * CHUNK_MS) / 1_000;
    const tokens = tokenize(reply.text);
    const begun = performance.now();
    const { pace = 4, endless = false } = options;
    let [sent, said] = [0, 0];
    while (sent < audio.length && !abort.signal.aborted) {
      const chunk = audio.subarray(sent, sent + chunkBytes);
      sent += chunk.length;
      const reached = Math.ceil((sent / audio.length) * tokens.length);
      const delta = tokens.slice(said, reached).join('');
      said = reached;
      this.#spoken.set(itemId, sent / bytesPerSecond);
      if (delta) connection.send({ type: 'response.output_audio_transcript.delta', ...place, delta });
      connection.send({ type: 'response.output_audio.delta', ...place, delta: chunk.toString('base64') });
      if (endless && sent + chunkBytes >= audio.length) await delay(A_DAY_MS, abort.signal);
      if (sent === audio.length || pace === Infinity) continue;
      const due = begun + (sent / bytesPerSecond) * (1_000 / pace);
      await delay(due - performance.now(), abort.signal);
    }
    const status = abort.signal.aborted ? 'cancelled' : 'completed';
    const transcript = tokens.slice(0, said).join('');
    const content = [{ type: 'output_audio', transcript }];
    const item = { ...message, status: status === 'completed' ? status : 'incomplete', content };
    if (said > 0) {
      connection.send({ type: 'response.output_audio.done', ...place });
      connection.send({ type: 'response.output_audio_transcript.done', ...place, transcript });
      connection.send({ type: 'response.output_item.done', response_id: id, output_index: 0, item });
    }
    this.#done(response, status, said > 0 ? [item] : [], transcript, sent / bytesPerSecond);
  }

  #reply(): ChatReply {
    const { connection, history, settings } = this.#init;
    const { messages } = history;
    if (!messages.some(({ role }) => role !== 'assistant')) return { kind: 'text', text: GREETING };
    const names = settings().tools.map(({ name }) => name);
    return (connection.init.options.script ?? receptionist)(messages, names);
  }

  async #callTool(responseId: string, name: string, json: string, signal: AbortSignal): Promise<object> {
    const { connection } = this.#init;
    const callId = connection.id('call');
    const item = {
      id: connection.id('item'),
      object: 'realtime.item',
      type: 'function_call',
      name,
      call_id: callId,
    };
    const place = { response_id: responseId, item_id: item.id, output_index: 0, call_id: callId };
    const complete = { ...item, status: 'completed', arguments: json };
    if (signal.aborted) return complete;
    const added = { ...item, status: 'in_progress', arguments: '' };
    connection.send({
      type: 'response.output_item.added',
      response_id: responseId,
      output_index: 0,
      item: added,
    });
    for (const delta of tokenize(json)) {
      connection.send({ type: 'response.function_call_arguments.delta', ...place, delta });
      await delay(2, signal);
    }
    connection.send({ type: 'response.function_call_arguments.done', ...place, name, arguments: json });
    connection.send({
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
    const { connection, history, settings } = this.#init;
    const { instructions, tools } = settings();
    const usage =
      status === 'failed'
        ? undefined
        : history.answered(instructions + JSON.stringify(tools), said, audioSeconds);
    const details =
      status === 'completed'
        ? null
        : { type: status, ...(response.reason && { reason: response.reason }), ...(error && { error }) };
    this.#response = undefined;
    connection.init.record({
      kind: 'responded',
      sessionId: connection.init.sessionId,
      responseId: response.id,
      status,
      audioSeconds,
      text: said,
      usage,
    });
    connection.send({
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

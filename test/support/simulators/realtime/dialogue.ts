import type { RawData } from 'ws';
import { Sequence } from '../../../../demo/simulators/sequence.ts';
import { at, foreign } from '../../../../instrumentation/sdks/kit/patch.ts';
import { type ClientEvent, type ConnectionInit, RealtimeConnection } from './connection.ts';
import { RealtimeHistory } from './history.ts';
import { RealtimeInput, type Utterance } from './input.ts';
import { RealtimeResponses } from './responses.ts';
import { describeSession, freshSettings, type RealtimeSettings, updated } from './session.ts';
import { transcribe } from './transcription.ts';

/** One session: what the client's events and the user's audio lead to. */
export class RealtimeDialogue {
  readonly #connection: RealtimeConnection;
  readonly #history = new RealtimeHistory();
  readonly #input: RealtimeInput;
  readonly #responses: RealtimeResponses;
  #settings: RealtimeSettings;

  constructor(init: ConnectionInit) {
    const connection = new RealtimeConnection(init);
    const sequence = new Sequence(init.random, init.options.processingMs ?? [10, 40]);
    const settings = () => this.#settings;
    this.#connection = connection;
    this.#settings = freshSettings(init.model);
    this.#responses = new RealtimeResponses({ connection, sequence, settings, history: this.#history });
    this.#input = new RealtimeInput({
      connection,
      sequence,
      settings,
      speechStarted: () => this.#speechStarted(),
      committed: (utterance) => this.#committed(utterance),
      turnEnded: () => this.#turnEnded(),
    });
    const { ws, record, sessionId } = init;
    ws.on('message', (data: RawData) => this.#onMessage(JSON.parse(String(data))));
    ws.on('close', () => {
      this.#responses.stop();
      sequence.stop();
      record({ kind: 'closed', sessionId, audioSeconds: this.#input.position });
    });
    this.#describe('session.created');
  }

  /** Sends an event. */
  send(event: Parameters<RealtimeConnection['send']>[0]): void {
    this.#connection.send(event);
  }

  #describe(type: string): void {
    const { sessionId, beta } = this.#connection.init;
    this.send({ type, session: describeSession(sessionId, this.#settings, beta) });
  }

  #onMessage(event: ClientEvent): void {
    if (event.type === 'input_audio_buffer.append') {
      this.#input.push(Buffer.from(String(event.audio), 'base64'));
      return;
    }
    const { record, sessionId, beta } = this.#connection.init;
    record({ kind: 'received', sessionId, event });
    switch (event.type) {
      case 'session.update':
        this.#input.restart();
        this.#settings = updated(this.#settings, event.session, beta);
        this.#describe('session.updated');
        break;
      case 'input_audio_buffer.commit':
        this.#input.commit(event);
        break;
      case 'input_audio_buffer.clear':
        this.#input.clear();
        break;
      case 'response.create':
        this.#responses.respond(event);
        break;
      case 'response.cancel':
        if (this.#responses.active) this.#responses.cancel('client_cancelled');
        else this.#connection.refuse(event, 'response_cancel_not_active');
        break;
      case 'conversation.item.create':
        this.#add(event.item);
        break;
      case 'conversation.item.truncate':
        this.#responses.truncate(event);
        break;
      case 'conversation.item.retrieve':
        break;
      default:
        this.#connection.refuse(event, 'unknown_event');
    }
  }

  #speechStarted(): void {
    if (this.#settings.turnDetection?.interrupt_response === true) this.#responses.cancel('turn_detected');
  }

  #committed(utterance: Utterance): void {
    this.#history.userSaid(utterance.spoken, utterance.seconds);
    const { transcriptionModel } = this.#settings;
    if (transcriptionModel !== undefined) void transcribe(this.#connection, utterance, transcriptionModel);
  }

  #turnEnded(): void {
    const { turnDetection, listensOnly } = this.#settings;
    const responds = turnDetection?.create_response === true;
    if (responds && !this.#responses.active && !listensOnly) this.#responses.respond({});
  }

  #add(value: unknown): void {
    const item = foreign(value) ?? {};
    if (item.type === 'function_call_output') this.#history.toolGave(String(item.output));
    else if (item.type === 'message') this.#history.userWrote(String(at(item, 'content', '0', 'text')));
    this.send({ type: 'conversation.item.added', item: { id: this.#connection.id('item'), ...item } });
  }
}

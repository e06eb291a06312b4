import type { WebSocket } from 'ws';
import type { Random } from '../../../../demo/simulators/random.ts';
import type { Untimed } from '../../../../demo/simulators/server.ts';
import type { RealtimeOptions, RealtimeTruth } from './truth.ts';

/** What a connection has from the server that accepted it. */
export interface ConnectionInit {
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

/** An event as a client sends it. */
export type ClientEvent = Readonly<Record<string, unknown>>;
type ServerEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Names of the beta, by those of today. */
const BETA_NAMES: Readonly<Record<string, string>> = {
  'response.output_audio.delta': 'response.audio.delta',
  'response.output_audio.done': 'response.audio.done',
  'response.output_audio_transcript.delta': 'response.audio_transcript.delta',
  'response.output_audio_transcript.done': 'response.audio_transcript.done',
  'conversation.item.added': 'conversation.item.created',
};

/** The server's end of one connection: events out, and the ids of what they are about. */
export class RealtimeConnection {
  readonly init: ConnectionInit;
  #sent = 0;
  #ids = 0;
  #gone = false;

  constructor(init: ConnectionInit) {
    this.init = init;
    init.ws.on('error', () => {});
    init.ws.on('close', () => {
      this.#gone = true;
    });
  }

  /** The client is not there any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Sends an event. */
  send(event: ServerEvent): void {
    const { ws, cutAfter, record, sessionId, beta } = this.init;
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

  /** Refuses what the client asked for. */
  refuse(event: ClientEvent, code: string): void {
    const error = { type: 'invalid_request_error', code, message: code, param: null };
    this.send({ type: 'error', error: { ...error, event_id: event.event_id ?? null } });
  }

  /** An id that no other has. */
  id(prefix: string): string {
    return `${prefix}_${this.init.sessionId.slice(5, 13)}_${++this.#ids}`;
  }
}

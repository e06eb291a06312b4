import type { IncomingMessage } from 'node:http';
import type { Range } from '../../../../demo/simulators/random.ts';
import type { ChatScript } from '../../../../demo/simulators/receptionist.ts';
import type { SimulatorOptions } from '../../../../demo/simulators/server.ts';
import type { RealtimeUsage } from './history.ts';

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
  /** How much faster than it is heard audio is sent; `Infinity` is all at once. (Default: 4.) */
  readonly pace?: number;
  /** Whether the last piece of a response's audio waits until the response is cancelled. (Default: false.) */
  readonly endless?: boolean;
  /** (Default: the receptionist.) */
  readonly script?: ChatScript;
}

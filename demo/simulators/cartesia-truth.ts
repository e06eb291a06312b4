import type { Fault } from './fault.ts';
import type { Random, Range } from './random.ts';
import type { Untimed } from './server.ts';
import type { SpeechRequest } from './speech-request.ts';

/** What happened to one generation (a bytes or SSE request, or a context of a socket). */
export type CartesiaTruth = { readonly atMicros: number; readonly requestId: string } & (
  | {
      /** Text to speak arrived; on a socket once for each piece of text. */
      readonly kind: 'received';
      readonly transport: 'bytes' | 'sse' | 'websocket';
      readonly model: string;
      readonly text: string;
      readonly contextId: string | undefined;
      /** The request's own `x-request-id` header, if it has one. */
      readonly clientRequestId: string | undefined;
    }
  | { readonly kind: 'first_byte' }
  | {
      readonly kind: 'finished';
      readonly characters: number;
      readonly bytes: number;
      readonly audioSeconds: number;
    }
  /** The client went away (bytes, SSE) or cancelled the context (socket). */
  | {
      readonly kind: 'aborted';
      readonly characters: number;
      readonly bytes: number;
      readonly audioSeconds: number;
    }
  | { readonly kind: 'failed'; readonly status: number | 'cut' }
);

/** How a text is spoken; what is absent is as usual. Milliseconds. */
export interface ScriptedSpeech {
  /** From the request to the first audio. */
  readonly firstByteMs?: number;
  /** From the first audio to the last. */
  readonly restMs?: number;
  readonly audioSeconds?: number;
  readonly fault?: Fault;
}

/** Decides how a text is spoken. (Default: all is as usual.) @param isRetry It is the same request again. */
export type SpeechScript = (text: string, isRetry: boolean) => ScriptedSpeech;

/** What every way of asking for speech needs. */
export interface SpeechContext {
  readonly requestId: string;
  readonly random: Random;
  readonly firstByteMs: Range;
  readonly speed: Range;
  readonly fault: Fault | undefined;
  readonly scripted: SpeechScript | undefined;
  /** `atMicros` is now, unless given. */
  readonly record: (event: Untimed<CartesiaTruth>, atMicros?: number) => void;
}

/** The truth event of text that has arrived. */
export function received(
  transport: 'bytes' | 'sse' | 'websocket',
  { model, text }: SpeechRequest,
  requestId: string,
  clientRequestId?: string | string[],
  contextId?: string,
): Untimed<CartesiaTruth> {
  const header = typeof clientRequestId === 'string' ? clientRequestId : undefined;
  return { kind: 'received', requestId, transport, model, text, contextId, clientRequestId: header };
}

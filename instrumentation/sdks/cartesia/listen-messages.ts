import { at, type Foreign, foreign, quantity } from '../kit/patch.ts';
import { errorClass } from './socket.ts';

/** The messages of Cartesia's transcription that mean something to a turn. Positions are seconds of audio. */
export type CartesiaListenMessage =
  /** Turn detection (`autoFinalize`). The text is all of the turn so far. */
  | { readonly type: 'turn.start' }
  | { readonly type: 'turn.update' | 'turn.eager_end' | 'turn.end'; readonly text: string }
  /** No turn detection (`manualFinalize`). The text is what came since the last final one. */
  | {
      readonly type: 'transcript';
      readonly text: string;
      readonly final: boolean;
      readonly startSeconds: number | undefined;
      readonly endSeconds: number | undefined;
    }
  | { readonly type: 'flush_done' | 'done' }
  /** `class`: as a class of errors. */
  | { readonly type: 'error'; readonly class: string };

/** Reads a message that the SDK has parsed; undefined for one that means nothing to a turn. */
export function readCartesiaListenMessage(value: unknown): CartesiaListenMessage | undefined {
  const message = foreign(value);
  switch (message?.type) {
    case 'turn.start':
    case 'flush_done':
    case 'done':
      return { type: message.type };
    case 'turn.update':
    case 'turn.eager_end':
    case 'turn.end':
      return { type: message.type, text: said(message.transcript) };
    case 'transcript':
      return {
        type: 'transcript',
        text: said(message.text),
        final: message.is_final === true,
        ...span(message),
      };
    case 'error':
      return { type: 'error', class: errorClass(message) };
    default:
      return undefined;
  }
}

/** With its spaces: pieces of a transcript are joined as they are. */
const said = (value: unknown): string => (typeof value === 'string' ? value : '');

function span({ words }: Foreign): { startSeconds: number | undefined; endSeconds: number | undefined } {
  const known: unknown[] = Array.isArray(words) ? words : [];
  return { startSeconds: first(at(known[0], 'start')), endSeconds: last(at(known.at(-1), 'end')) };
}

/** Words come one by one, or several in lists: the SDK's types and the service's answers differ. */
const first = (seconds: unknown): number | undefined =>
  quantity(Array.isArray(seconds) ? seconds[0] : seconds);
const last = (seconds: unknown): number | undefined =>
  quantity(Array.isArray(seconds) ? seconds.at(-1) : seconds);

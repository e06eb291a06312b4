import { parseJson } from '../kit/json.ts';
import { pausesBetween } from '../kit/live/words.ts';
import { at, type Foreign, quantity, text } from '../kit/patch.ts';

/** The messages of universal streaming that mean something to a turn. Positions and durations are seconds. */
export type StreamingMessage =
  | { readonly type: 'Begin' }
  | { readonly type: 'SpeechStarted'; readonly seconds: number | undefined }
  | {
      readonly type: 'Turn';
      /** Counts the turns of a session. */
      readonly order: number | undefined;
      /** Absent: nothing was understood. */
      readonly text: string | undefined;
      readonly startSeconds: number | undefined;
      readonly endSeconds: number | undefined;
      /** The silences between its words, when it has ended. */
      readonly pauses: readonly number[] | undefined;
      readonly ended: boolean;
    }
  | { readonly type: 'Termination'; readonly sessionSeconds: number | undefined }
  /** `code`: as a class of errors. */
  | { readonly type: 'Error'; readonly code: string };

/** Reads what came from AssemblyAI; undefined for broken and for unknown messages. */
export function readStreamingMessage(data: unknown): StreamingMessage | undefined {
  const message = parseJson(String(data));
  if (!message) return undefined;
  // Told by its member, as the SDK does.
  if ('error' in message) {
    const { error_code: code } = message;
    return { type: 'Error', code: typeof code === 'number' ? String(code) : 'error' };
  }
  switch (message.type) {
    case 'Begin':
      return { type: 'Begin' };
    case 'SpeechStarted':
      return { type: 'SpeechStarted', seconds: fromMs(message.timestamp) };
    case 'Turn':
      return readTurn(message);
    case 'Termination':
      return { type: 'Termination', sessionSeconds: quantity(message.session_duration_seconds) };
    default:
      return undefined;
  }
}

function readTurn(message: Foreign): StreamingMessage {
  const words: unknown[] = Array.isArray(message.words) ? message.words : [];
  const ended = message.end_of_turn === true;
  const transcript = text(message.transcript);
  const spoken = text(words.flatMap((word) => text(at(word, 'text')) ?? []).join(' '));
  return {
    type: 'Turn',
    order: quantity(message.turn_order),
    // Until the turn ends its transcript lacks the words that may still change.
    text: ended ? (transcript ?? spoken) : (spoken ?? transcript),
    startSeconds: fromMs(at(words[0], 'start')),
    endSeconds: fromMs(at(words.at(-1), 'end')),
    pauses: ended ? pausesIn(words) : undefined,
    ended,
  };
}

function fromMs(value: unknown): number | undefined {
  const ms = quantity(value);
  return ms === undefined ? undefined : ms / 1_000;
}

/** Undefined where the time of a word is not told. */
function pausesIn(words: readonly unknown[]): number[] | undefined {
  const timed = words.flatMap((word) => {
    const [start, end] = [fromMs(at(word, 'start')), fromMs(at(word, 'end'))];
    return start === undefined || end === undefined ? [] : [{ start, end }];
  });
  return timed.length > 0 && timed.length === words.length ? pausesBetween(timed) : undefined;
}

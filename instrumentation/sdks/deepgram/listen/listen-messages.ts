import { parseJson } from '../../kit/json.ts';
import { at, quantity, text } from '../../kit/patch.ts';

/** A word and where it lies in the audio, in seconds. */
interface HeardWord {
  readonly start: number;
  readonly end: number;
}

/** The messages of live listen v1 that mean something to a turn. Positions and durations are seconds of audio. */
export type ListenMessage =
  | { readonly type: 'SpeechStarted'; readonly timestamp: number }
  | {
      readonly type: 'Results';
      readonly start: number;
      /** Where the audio ends that it is about. */
      readonly end: number | undefined;
      /** Absent: nothing was understood. */
      readonly transcript: string | undefined;
      readonly words: readonly HeardWord[];
      readonly isFinal: boolean;
      readonly speechFinal: boolean;
      readonly fromFinalize: boolean;
    }
  | { readonly type: 'UtteranceEnd' }
  | { readonly type: 'Metadata'; readonly duration: number };

/** Reads what came from Deepgram; undefined for binary, for broken and for unknown messages. */
export function readMessage(data: unknown): ListenMessage | undefined {
  const message = parseJson(data);
  switch (message?.type) {
    case 'SpeechStarted': {
      const timestamp = quantity(message.timestamp);
      return timestamp === undefined ? undefined : { type: 'SpeechStarted', timestamp };
    }
    case 'Results': {
      const start = quantity(message.start) ?? 0;
      const duration = quantity(message.duration);
      return {
        type: 'Results',
        start,
        end: duration === undefined ? undefined : start + duration,
        transcript: text(at(message, 'channel', 'alternatives', '0', 'transcript')),
        words: words(at(message, 'channel', 'alternatives', '0', 'words')),
        isFinal: message.is_final === true,
        speechFinal: message.speech_final === true,
        fromFinalize: message.from_finalize === true,
      };
    }
    case 'UtteranceEnd':
      return { type: 'UtteranceEnd' };
    case 'Metadata': {
      const duration = quantity(message.duration);
      return duration === undefined ? undefined : { type: 'Metadata', duration };
    }
    default:
      return undefined;
  }
}

function words(value: unknown): HeardWord[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((word: unknown) => {
    const start = quantity(at(word, 'start'));
    const end = quantity(at(word, 'end'));
    return start === undefined || end === undefined ? [] : [{ start, end }];
  });
}

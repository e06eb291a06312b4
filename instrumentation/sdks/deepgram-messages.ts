import { at, type Foreign, foreign, quantity, text } from './patch.ts';

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
  if (typeof data !== 'string') return undefined;
  const message = parse(data);
  switch (message?.type) {
    case 'SpeechStarted': {
      const timestamp = quantity(message.timestamp);
      return timestamp === undefined ? undefined : { type: 'SpeechStarted', timestamp };
    }
    case 'Results':
      return {
        type: 'Results',
        start: quantity(message.start) ?? 0,
        transcript: text(at(message, 'channel', 'alternatives', '0', 'transcript')),
        words: words(at(message, 'channel', 'alternatives', '0', 'words')),
        isFinal: message.is_final === true,
        speechFinal: message.speech_final === true,
        fromFinalize: message.from_finalize === true,
      };
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

function parse(json: string): Foreign | undefined {
  try {
    return foreign(JSON.parse(json));
  } catch {
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

const BYTES_PER_SAMPLE: Readonly<Record<string, number>> = { mulaw: 1, alaw: 1, linear16: 2, linear32: 4 };

/** Bytes a second of raw audio; undefined for containers and compressed audio, whose length bytes do not tell. */
export function bytesPerSecond(query: Foreign): number | undefined {
  const bytes = BYTES_PER_SAMPLE[String(query.encoding)];
  const rate = Number(query.sample_rate);
  const channels = Number(query.channels ?? 1);
  return bytes !== undefined && rate > 0 && channels > 0 ? bytes * rate * channels : undefined;
}

/**
 * The model under the name that it is billed by: nova-3 with `language=multi` is `nova-3-multilingual` in the price
 * list, and nothing but the request tells.
 */
export function billedModel(query: Foreign): string | undefined {
  const model = text(query.model);
  return model === 'nova-3' && query.language === 'multi' ? 'nova-3-multilingual' : model;
}

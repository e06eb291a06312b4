import { base64Bytes } from '../kit/base64.ts';
import { at, type Foreign, foreign, objects, text } from '../kit/patch.ts';

const BYTES_PER_SAMPLE = 2;

/** What voice activity detection says, where the session is set up for it. */
export interface Activity {
  readonly type: 'start' | 'end';
  /** Where in the audio. Absent: unknown. */
  readonly seconds: number | undefined;
}

/** A piece of the transcript of what the user says. */
export interface LiveTranscript {
  readonly text: string;
  /** Where its words begin and end, in seconds of audio. Absent: unknown. */
  readonly startSeconds: number | undefined;
  readonly endSeconds: number | undefined;
  /** Nothing more comes of the utterance. */
  readonly finished: boolean;
}

/** A piece of what the model says. */
export interface AnswerPart {
  readonly text: string | undefined;
  readonly audio: { readonly bytes: number; readonly type: string } | undefined;
}

/** Reads voice activity, by either of its names. */
export function readActivity(message: Foreign): Activity | undefined {
  const activity = foreign(message.voiceActivity);
  const seconds = duration(activity?.audioOffset);
  switch (activity?.voiceActivityType ?? at(message, 'voiceActivityDetectionSignal', 'vadSignalType')) {
    case 'ACTIVITY_START':
    case 'VAD_SIGNAL_TYPE_SOS':
      return { type: 'start', seconds };
    case 'ACTIVITY_END':
    case 'VAD_SIGNAL_TYPE_EOS':
      return { type: 'end', seconds };
    default:
      return undefined;
  }
}

/** Reads `inputTranscription`; undefined when it has no words. */
export function readTranscript(value: unknown): LiveTranscript | undefined {
  const transcription = foreign(value);
  const words = text(transcription?.text);
  if (!transcription || words === undefined) return undefined;
  const spoken = objects(transcription.words);
  return {
    text: words,
    startSeconds: duration(transcription.startOffset ?? spoken[0]?.startOffset),
    endSeconds: duration(transcription.endOffset ?? spoken.at(-1)?.endOffset),
    finished: transcription.finished === true,
  };
}

/** Reads a part of `modelTurn`; undefined for thoughts, which are not spoken. */
export function readPart(value: unknown): AnswerPart | undefined {
  const part = foreign(value);
  if (!part || part.thought === true) return undefined;
  const { data, mimeType } = foreign(part.inlineData) ?? {};
  const audio =
    typeof data === 'string' && typeof mimeType === 'string' && mimeType.startsWith('audio/')
      ? { bytes: base64Bytes(data), type: mimeType }
      : undefined;
  return { text: text(part.text), audio };
}

/** A duration of the API, such as `1.250s`, in seconds. */
const duration = (value: unknown): number | undefined =>
  typeof value === 'string' && /^\d+(\.\d+)?s$/.test(value) ? Number.parseFloat(value) : undefined;

/** Of 16-bit audio whose type may name its rate: `audio/pcm;rate=16000`. */
export const bytesPerSecond = (type: string, rate: number): number =>
  Number(/rate=(\d+)/.exec(type)?.[1] ?? rate) * BYTES_PER_SAMPLE;

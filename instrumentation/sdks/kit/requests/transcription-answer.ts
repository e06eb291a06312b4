import type { Usage } from '../../../../model/facts.ts';
import type { RecordedAudio } from '../../../call/recorded-speech.ts';
import type { StageResult } from '../../../call/stage.ts';
import { at, type Foreign, foreign, quantity, text } from '../patch.ts';
import { known } from '../usage.ts';
import type { Answer } from './sdk-request.ts';

/** The types of what holds a whole transcript: OpenAI's answers and last events, Cartesia's answers. */
const WHOLE: ReadonlySet<unknown> = new Set([undefined, 'transcript.text.done', 'transcript']);

/** Reads a transcript of OpenAI's API, or one like it: an object, a text, or the events of a stream. */
export class TranscriptionAnswer implements Answer {
  #text = '';
  #final: string | undefined;
  #usage: Usage = {};
  #measuredSeconds: number | undefined;
  #firstWordSeconds: number | undefined;
  #lastWordSeconds: number | undefined;
  #begun = false;

  get begun(): boolean {
    return this.#begun;
  }

  get finished(): boolean {
    return this.#final !== undefined;
  }

  /** What is known of the recording: as the provider says, else as it was measured. */
  get audio(): RecordedAudio {
    return {
      seconds: this.#usage.audioSeconds ?? this.#measuredSeconds,
      speechStartSeconds: this.#firstWordSeconds,
      speechEndSeconds: this.#lastWordSeconds,
    };
  }

  /** The length of what was sent, where it could be measured. */
  measured(seconds: number | undefined): void {
    this.#measuredSeconds = seconds;
  }

  add(item: unknown): boolean {
    this.#begun = true;
    if (typeof item === 'string') return this.#finish(plainText(item));
    const said = foreign(item);
    if (!said) return false;
    this.#readUsage(said);
    this.#readWords(said.words);
    const delta = text(said.delta);
    if (said.type === 'transcript.text.delta' && delta) this.#text += delta;
    else if (WHOLE.has(said.type))
      return this.#finish(typeof said.text === 'string' ? said.text : this.#text);
    return delta !== undefined || said.type === 'transcript.text.segment';
  }

  result(): StageResult {
    const { seconds } = this.audio;
    return {
      text: text((this.#final ?? this.#text).trim()),
      usage: { ...this.#usage, ...known({ audioSeconds: seconds }) },
    };
  }

  #finish(transcript: string): boolean {
    this.#final = transcript;
    return transcript.trim() !== '';
  }

  #readUsage(said: Foreign): void {
    const usage = foreign(said.usage);
    const told = known({
      inputTokens: quantity(usage?.input_tokens),
      inputAudioTokens: quantity(at(usage, 'input_token_details', 'audio_tokens')),
      outputTokens: quantity(usage?.output_tokens),
      audioSeconds: quantity(usage?.seconds) ?? quantity(said.duration),
    });
    this.#usage = { ...this.#usage, ...told };
  }

  #readWords(words: unknown): void {
    if (!Array.isArray(words)) return;
    this.#firstWordSeconds = quantity(at(words[0], 'start'));
    this.#lastWordSeconds = quantity(at(words.at(-1), 'end'));
  }
}

/** The words of a subtitle file, whose formats come as text too. */
function plainText(subtitles: string): string {
  if (!subtitles.includes('-->')) return subtitles;
  return subtitles
    .split('\n')
    .filter((line) => !/-->|^WEBVTT|^\d+\s*$/.test(line))
    .join(' ')
    .replace(/\s+/g, ' ');
}

import type { Context } from '@opentelemetry/api';
import { openStage } from '../../call/open-stage.ts';
import { type AudioFormat, bytesPerSample, rawAudio, UNTIMED, wavAudio } from '../kit/audio-format.ts';
import { makeRoom } from '../kit/make-room.ts';
import { at, text } from '../kit/patch.ts';
import { Synthesis } from '../kit/requests/synthesis.ts';
import { SynthesisAnswer } from '../kit/requests/synthesis-answer.ts';
import { type AzureMessage, readAzureMessage, said } from './messages.ts';

/** Syntheses of one connection that are open; beyond it the oldest is forgotten. */
const MAX_OPEN = 64;

/** One connection of Azure's speech synthesis: one text after the other, each under an id of its own. */
export class AzureSynthesis {
  readonly #opened: Context;
  readonly #open = new Map<string, Synthesis>();
  readonly #formats = new Map<string, AudioFormat>();

  /** @param opened The context that it was opened in. */
  constructor(opened: Context) {
    this.#opened = opened;
  }

  /** Where the application's handlers run. */
  get context(): Context {
    return this.#opened;
  }

  sent(data: unknown): void {
    const message = readAzureMessage(data);
    switch (message?.path) {
      case 'synthesis.context': {
        makeRoom(this.#formats, MAX_OPEN);
        this.#formats.set(
          message.requestId,
          audioFormat(at(said(message), 'synthesis', 'audio', 'outputFormat')),
        );
        break;
      }
      case 'ssml':
        this.#begin(message, voiceOf(message.body)).say(spokenText(message.body));
        break;
      // The text of a request comes in pieces.
      case 'text.piece':
        this.#begin(message, undefined).say(message.body);
        break;
    }
  }

  received(data: unknown): void {
    const message = readAzureMessage(data);
    const synthesis = message && this.#open.get(message.requestId);
    if (!synthesis) return;
    if (message.path === 'audio') synthesis.audio(message.bytes.length);
    else if (message.path === 'turn.end') {
      this.#open.delete(message.requestId);
      synthesis.end();
    }
  }

  /** @param code 1000 where the application has closed it. */
  closed(code: unknown): void {
    for (const synthesis of this.#open.values())
      if (code === 1000) synthesis.cancel();
      else synthesis.fail('connection_closed');
    this.#open.clear();
  }

  #begin({ requestId }: AzureMessage, voice: string | undefined): Synthesis {
    const known = this.#open.get(requestId);
    if (known) return known;
    makeRoom(this.#open, MAX_OPEN);
    // Each text is spoken for the code that sends it.
    const synthesis = new Synthesis(
      openStage('tts', { provider: 'azure.ai.speech', model: modelOf(voice) }),
      new SynthesisAnswer(this.#formats.get(requestId) ?? UNTIMED),
    );
    this.#open.set(requestId, synthesis);
    return synthesis;
  }
}

/** What is billed is the kind of the voice. */
const modelOf = (voice: string | undefined): string | undefined =>
  voice === undefined ? undefined : /HD/.test(voice) ? 'neural-hd' : 'neural';

const voiceOf = (ssml: string): string | undefined =>
  text(/<voice\b[^<>]*\bname=['"]([^'"]+)/.exec(ssml)?.[1]);

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of SSML, without its elements. */
const spokenText = (ssml: string): string =>
  ssml
    .replace(/<[^<>]*>/g, '')
    .replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '')
    .trim();

/** `raw-8khz-8bit-mono-mulaw`, `riff-24khz-16bit-mono-pcm`: the latter begins with the header of a WAV file. */
function audioFormat(name: unknown): AudioFormat {
  const format = /^(raw|riff)-([\d.]+)khz-\d+bit-mono-(pcm|mulaw|alaw)$/.exec(String(name));
  if (!format) return UNTIMED;
  const [, container, khz, encoding] = format;
  return (container === 'riff' ? wavAudio : rawAudio)(Number(khz) * 1_000, bytesPerSample(encoding));
}

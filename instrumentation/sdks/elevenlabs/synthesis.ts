import type { Adoption } from '../../adoption.ts';
import { openStage } from '../../open-stage.ts';
import { at, text } from '../shared/patch.ts';
import { SdkRequest } from '../shared/sdk-request.ts';
import { encodedBytes, SynthesisAnswer } from '../shared/synthesis-answer.ts';
import { elevenLabsFormat } from './format.ts';

/** Audio comes as bytes, or as base64 beside the timing of its characters. */
class ElevenLabsAnswer extends SynthesisAnswer {
  override add(part: unknown): boolean {
    return this.addAudio(
      part instanceof Uint8Array ? part.byteLength : encodedBytes(text(at(part, 'audioBase64'))),
    );
  }
}

/** One synthesis by ElevenLabs, which bills by the character: over HTTP, or of a socket. */
export class ElevenLabsSynthesis extends SdkRequest<ElevenLabsAnswer> {
  /** Opens the stage. */
  static start(model: string | undefined, outputFormat: unknown, adoption?: Adoption): ElevenLabsSynthesis {
    return new ElevenLabsSynthesis(
      openStage('tts', { provider: 'elevenlabs', model, adoption }),
      new ElevenLabsAnswer(elevenLabsFormat(outputFormat)),
    );
  }

  /** Text was sent to be spoken. */
  say(words: unknown): void {
    this.heard();
    this.answer.say(words);
  }

  /** So many bytes of audio came. */
  audio(bytes: number): void {
    this.heard();
    if (this.answer.addAudio(bytes)) this.stage.firstByte();
  }

  /** It was over at `atMs`, which is known only now. */
  endedAt(atMs: number): void {
    this.over(() => this.stage.end({ ...this.answer.result(), at: atMs }));
  }
}

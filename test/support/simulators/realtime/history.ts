import type { ChatMessage } from '../../../../demo/simulators/receptionist.ts';
import { tokenize } from '../../../../demo/simulators/tokens.ts';

/** What the model was told or said, as it counts tokens. */
interface Item {
  readonly message: ChatMessage;
  readonly textTokens: number;
  readonly audioTokens: number;
}

/** Tokens of a response as the API reports them. */
export interface RealtimeUsage {
  readonly total_tokens: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly input_token_details: {
    readonly text_tokens: number;
    readonly audio_tokens: number;
    readonly cached_tokens: number;
    readonly cached_tokens_details: { readonly text_tokens: number; readonly audio_tokens: number };
  };
  readonly output_token_details: { readonly text_tokens: number; readonly audio_tokens: number };
}

/** By the simulator's rule: 10 a second of what the user says, 20 of what the agent says. */
export const userAudioTokens = (seconds: number): number => Math.ceil(seconds * 10);
const agentAudioTokens = (seconds: number): number => Math.ceil(seconds * 20);
export const textTokens = (text: string): number => tokenize(text).length;

/**
 * The conversation as the model has it. Each response reads all of it; what the response before has read comes from the
 * cache.
 */
export class RealtimeHistory {
  readonly #items: Item[] = [];
  #cached = { text: 0, audio: 0 };

  get messages(): ChatMessage[] {
    return this.#items.map(({ message }) => message);
  }

  userSaid(text: string, seconds: number): void {
    this.#items.push({
      message: { role: 'user', content: text },
      textTokens: 0,
      audioTokens: userAudioTokens(seconds),
    });
  }

  userWrote(text: string): void {
    this.#items.push({
      message: { role: 'user', content: text },
      textTokens: textTokens(text),
      audioTokens: 0,
    });
  }

  toolGave(output: string): void {
    this.#items.push({
      message: { role: 'tool', content: output },
      textTokens: textTokens(output),
      audioTokens: 0,
    });
  }

  /** A response was given, as far as it got; `base` is what every request carries. Returns what it used. */
  answered(base: string, text: string, audioSeconds: number): RealtimeUsage {
    const read = { text: textTokens(base), audio: 0 };
    for (const item of this.#items) {
      read.text += item.textTokens;
      read.audio += item.audioTokens;
    }
    const cached = this.#cached;
    const said = { text: textTokens(text), audio: agentAudioTokens(audioSeconds) };
    this.#cached = read;
    this.#items.push({
      message: { role: 'assistant', content: text },
      textTokens: said.text,
      audioTokens: said.audio,
    });
    return {
      total_tokens: read.text + read.audio + said.text + said.audio,
      input_tokens: read.text + read.audio,
      output_tokens: said.text + said.audio,
      input_token_details: {
        text_tokens: read.text,
        audio_tokens: read.audio,
        cached_tokens: cached.text + cached.audio,
        cached_tokens_details: { text_tokens: cached.text, audio_tokens: cached.audio },
      },
      output_token_details: { text_tokens: said.text, audio_tokens: said.audio },
    };
  }
}

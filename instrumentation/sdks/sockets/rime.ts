import { type Context, context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { followsRequests, openStage } from '../../call/open-stage.ts';
import { activeCall } from '../../call/scope.ts';
import type { Turn } from '../../call/turn.ts';
import { bytesPerSample, rawAudio } from '../kit/audio-format.ts';
import { base64Bytes } from '../kit/base64.ts';
import { parseJson } from '../kit/json.ts';
import { makeRoom } from '../kit/make-room.ts';
import { type Foreign, text } from '../kit/patch.ts';
import { Synthesis } from '../kit/requests/synthesis.ts';
import { SynthesisAnswer } from '../kit/requests/synthesis-answer.ts';

/** Syntheses that may be open on one socket; beyond it the oldest is given up. */
const MAX_VOICES = 64;
/** The name of the only synthesis of an application that does not name them. */
const ONLY = '';

/** One synthesis on the socket: what is said under one `contextId` in one turn. */
interface Voice {
  readonly synthesis: Synthesis;
  /** Where its text was sent. */
  readonly within: Context;
  readonly turn: Turn | undefined;
  lastAudioMs: number | undefined;
}

/** The syntheses of one `ws3` socket of Rime, which bills by the character. */
export class RimeSocket {
  readonly #opened: Context;
  readonly #query: URLSearchParams;
  readonly #open = new Map<string, Voice>();
  /** No more text comes: the server closes the socket when all is spoken. */
  #complete = false;
  #closing = false;
  #within: Context;

  /** @param opened Where it was opened, for what belongs to no synthesis. */
  constructor(url: URL, opened: Context) {
    this.#query = url.searchParams;
    this.#opened = opened;
    this.#within = opened;
  }

  /** A socket can outlive the call that it was opened in: what a synthesis gives runs where its text was sent. */
  get context(): Context {
    return this.#within;
  }

  /** The application sends a message. */
  sent(data: unknown): void {
    const message = parseJson(data);
    if (!message) return;
    const words = text(message.text);
    const name = nameOf(message);
    // Blanks alone begin nothing.
    if (words !== undefined && (words.trim() !== '' || this.#open.has(name))) this.#say(name, words);
    if (message.operation === 'clear') this.#endAll(({ synthesis }) => synthesis.cancel());
    else if (message.operation === 'eos') this.#complete = true;
  }

  /** A message came. Called before the application's handlers. */
  received(data: unknown): void {
    const message = parseJson(data);
    const name = message && this.#known(message);
    const voice = name === undefined ? undefined : this.#open.get(name);
    this.#within = voice?.within ?? this.#opened;
    if (message?.type === 'error') {
      // Without a name it is the connection's.
      if (voice && name !== undefined) this.#open.delete(name);
      if (voice) voice.synthesis.fail('error');
      else this.#endAll(({ synthesis }) => synthesis.fail('error'));
    } else if (voice && name !== undefined && message?.type === 'chunk') {
      voice.lastAudioMs = nowMs();
      voice.synthesis.audio(base64Bytes(text(message.data) ?? ''));
    } else if (voice && name !== undefined && message?.type === 'done') {
      this.#open.delete(name);
      voice.synthesis.end();
    }
  }

  /** The application closes the socket. */
  closing(): void {
    this.#closing = true;
  }

  /** The connection is gone, and with it whatever was being spoken. */
  closed(code: unknown): void {
    const complete = this.#complete && code === 1000 && !this.#closing;
    this.#endAll(({ synthesis }) => {
      if (complete) synthesis.end();
      else if (code === 1000) synthesis.cancel();
      else synthesis.fail('connection_closed');
    });
  }

  #say(name: string, words: string): void {
    const turn = activeCall()?.turn;
    const known = this.#open.get(name);
    if (known && turn && turn !== known.turn) {
      // The next turn speaks under the same name: what was heard of the one before has been spoken.
      this.#open.delete(name);
      if (known.lastAudioMs === undefined) known.synthesis.cancel();
      else known.synthesis.endedAt(known.lastAudioMs);
    }
    (this.#open.get(name) ?? this.#begin(name, turn))?.synthesis.say(words);
  }

  #begin(name: string, turn: Turn | undefined): Voice | undefined {
    if (!followsRequests()) return undefined;
    makeRoom(this.#open, MAX_VOICES)?.synthesis.cancel();
    const model = this.#query.get('modelId') ?? undefined;
    const format = rawAudio(
      this.#query.get('samplingRate'),
      bytesPerSample(this.#query.get('audioFormat') ?? undefined),
    );
    const stage = openStage('tts', { provider: 'rime', model });
    const synthesis = new Synthesis(stage, new SynthesisAnswer(format));
    const voice = { synthesis, within: context.active(), turn, lastAudioMs: undefined };
    this.#open.set(name, voice);
    return voice;
  }

  /** Whose a message is: what names no synthesis is of the only one there is. */
  #known(message: Foreign): string | undefined {
    const name = nameOf(message);
    if (this.#open.has(name)) return name;
    return name === ONLY && this.#open.size === 1 ? [...this.#open.keys()][0] : undefined;
  }

  #endAll(end: (voice: Voice) => void): void {
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const voice of all) end(voice);
  }
}

const nameOf = ({ contextId }: Foreign): string => text(contextId) ?? ONLY;

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach } from 'node:test';
import * as newest from '@google/genai';
import * as oldest from '@google/genai-oldest';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { patchGenai } from '../../../instrumentation/sdks/genai/genai.ts';
import type { Fact, StageFact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { stagesOf } from '../facts.ts';
import { poll } from '../poll.ts';
import {
  type GeminiLiveSimulator,
  type LiveOptions,
  startGeminiLiveSimulator,
} from '../simulators/gemini-live.ts';
import { recordSpans, takeFacts } from '../spans.ts';

export type Sdk = typeof newest;
type Message = newest.LiveServerMessage;
const require = createRequire(import.meta.url);
export const MODEL = 'gemini-live-2.5-flash';
export const BUILDS: readonly { name: string; sdk: Sdk }[] = [
  { name: '@google/genai, newest, from ESM', sdk: newest },
  { name: '@google/genai, newest, from CommonJS', sdk: require('@google/genai') },
  { name: '@google/genai, oldest', sdk: oldest as unknown as Sdk },
];
const FRAME_MS = 20;
const FRAME_BYTES = 640;

export let simulator: GeminiLiveSimulator;
/** Serves the Live API, and patches every build of the SDK. */
export function serveLive(): void {
  before(async () => {
    recordSpans();
    for (const { sdk } of BUILDS) patchGenai(sdk);
    simulator = await startGeminiLiveSimulator();
  });
  after(() => simulator.close());
  beforeEach(() => void takeFacts());
}

/** When something was said, in microseconds, and by how much the latest frame so far was late. */
export interface Spoken {
  startUs: number;
  endUs: number;
  lateUs: number;
}

/** A live session with a microphone: 20 ms of audio at a time, at the pace of speech, silence unless someone speaks. */
export class Talk {
  readonly messages: Message[] = [];
  readonly session: newest.Session;
  readonly closed: Promise<unknown>;
  readonly #timer: NodeJS.Timeout;
  #speaking = 0;
  #frames = 0;
  #lateUs = 0;
  #spoken: Spoken | undefined;
  #done: (() => void) | undefined;
  readonly #startMs = performance.now();

  private constructor(session: newest.Session, messages: Message[], closed: Promise<unknown>) {
    this.session = session;
    this.messages = messages;
    this.closed = closed;
    this.#timer = setInterval(() => this.#frame(), FRAME_MS / 4);
  }

  static async open(sdk: Sdk, config: newest.LiveConnectConfig = {}): Promise<Talk> {
    const client = new sdk.GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: simulator.url } });
    const messages: Message[] = [];
    let close = (_: unknown): void => {};
    const closed = new Promise((resolve) => {
      close = resolve;
    });
    const session = await client.live.connect({
      model: MODEL,
      config: { responseModalities: [sdk.Modality.AUDIO], inputAudioTranscription: {}, ...config },
      callbacks: { onmessage: (message) => void messages.push(message), onclose: close },
    });
    return new Talk(session, messages, closed);
  }

  /** Speaks for so long; gives when. */
  async speak(ms: number): Promise<Spoken> {
    this.#speaking = ms / FRAME_MS;
    this.#spoken = undefined;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    assert.ok(this.#spoken);
    return this.#spoken;
  }

  async says(look: (message: Message) => unknown, count = 1): Promise<void> {
    await poll(() => this.messages.filter(look).length >= count, { what: look.toString() });
  }

  completes = (count = 1): Promise<void> =>
    this.says((message) => message.serverContent?.turnComplete, count);

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.session.close();
    await this.closed;
  }

  #frame(): void {
    while (performance.now() - this.#startMs >= (this.#frames + 1) * FRAME_MS) {
      // The frame is sent when the last of it has been spoken.
      const lateMs = performance.now() - this.#startMs - (this.#frames + 1) * FRAME_MS;
      this.#lateUs = Math.max(this.#lateUs, lateMs * 1_000);
      this.#frames++;
      const loud = this.#speaking > 0;
      const data = Buffer.alloc(FRAME_BYTES, loud ? Buffer.from([0xe8, 0x03]) : 0).toString('base64');
      this.session.sendRealtimeInput({ audio: { data, mimeType: 'audio/pcm;rate=16000' } });
      if (!loud) continue;
      const endUs = nowUs() - lateMs * 1_000;
      this.#spoken ??= { startUs: endUs - FRAME_MS * 1_000, endUs, lateUs: 0 };
      this.#spoken.endUs = endUs;
      this.#spoken.lateUs = this.#lateUs;
      this.#speaking -= 1;
      if (this.#speaking <= 0) this.#done?.();
    }
  }
}

export const behave = (options: Partial<LiveOptions>): void =>
  simulator.behave({
    heard: ['Can I book a table?'],
    answers: [{ text: 'Of course.', seconds: 0.4 }],
    ...options,
  });
export const stages = (facts: readonly Fact[], kind: StageKind): StageFact[] =>
  stagesOf(facts, kind).sort((a, b) => a.startUs - b.startUs);
export const truth = (kind: string): number | undefined =>
  simulator.truth.findLast((event) => event.kind === kind)?.atMicros;

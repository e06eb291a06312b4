import type * as Agents from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { utterance } from '../../../demo/speech.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';

/** Hertz. */
const CALLER_RATE = 8_000;
const FRAME_MS = 20;
const FRAME_SAMPLES = (CALLER_RATE * FRAME_MS) / 1_000;

/** What the caller said. Milliseconds since 1970. */
export interface Spoken {
  readonly name: string;
  /** The first sample of the recording that is heard. */
  readonly startMs: number;
  /** The last one: the silence begins here. */
  readonly endMs: number;
}

/** What the caller heard. Milliseconds since 1970. */
export interface Heard {
  readonly startMs: number;
  endMs?: number;
  interrupted?: boolean;
}

export interface Caller extends Agents.voice.AudioInput {
  readonly spoken: readonly Spoken[];
  /** Picks up the phone. */
  start(): void;
  /** Says a recorded utterance; resolves when the last of it has been said. */
  say(name: string): Promise<Spoken>;
  hangUp(): void;
}

/** The caller of a session without a room: recorded utterances in real time, silence between them. */
export function createCaller(agents: typeof Agents): Caller {
  class RecordedCaller extends agents.voice.AudioInput {
    readonly spoken: Spoken[] = [];
    readonly #queue: { samples: Int16Array; last: boolean }[] = [];
    readonly #writer: WritableStreamDefaultWriter<AudioFrame>;
    #timer: NodeJS.Timeout | undefined;
    #said: ((dueMs: number) => void) | undefined;

    constructor() {
      super();
      const stream = new TransformStream<AudioFrame, AudioFrame>();
      this.#writer = stream.writable.getWriter();
      this.multiStream.addInputStream(stream.readable as never);
    }

    start(): void {
      let dueMs = nowMs();
      this.#timer = setInterval(() => {
        for (; dueMs <= nowMs(); dueMs += FRAME_MS) {
          const { samples, last } = this.#queue.shift() ?? {
            samples: new Int16Array(FRAME_SAMPLES),
            last: false,
          };
          void this.#writer.write(new AudioFrame(samples, CALLER_RATE, 1, FRAME_SAMPLES));
          // A machine that was stopped for a moment hears some frames late and all at once, and not later in the call.
          if (last) this.#said?.(dueMs);
        }
      }, 5);
    }

    async say(name: string): Promise<Spoken> {
      const { samples, speechStartSeconds, speechEndSeconds } = utterance(name);
      const voiced = samples.subarray(0, Math.ceil(speechEndSeconds * CALLER_RATE));
      for (let at = 0; at < voiced.length; at += FRAME_SAMPLES) {
        const frame = new Int16Array(FRAME_SAMPLES);
        frame.set(voiced.subarray(at, at + FRAME_SAMPLES));
        this.#queue.push({ samples: frame, last: at + FRAME_SAMPLES >= voiced.length });
      }
      const endMs = await new Promise<number>((resolve) => {
        this.#said = resolve;
      });
      const spoken = { name, startMs: endMs - (speechEndSeconds - speechStartSeconds) * 1_000, endMs };
      this.spoken.push(spoken);
      return spoken;
    }

    hangUp(): void {
      clearInterval(this.#timer);
    }
  }
  return new RecordedCaller();
}

export interface Speaker extends Agents.voice.AudioOutput {
  readonly heard: readonly Heard[];
  /** Plays what is left at once, to its end. */
  hurry(): void;
}

/** What the caller listens with: plays at the speed of sound and knows what was heard when. */
export function createSpeaker(agents: typeof Agents, { canPause = false } = {}): Speaker {
  class Loudspeaker extends agents.voice.AudioOutput {
    readonly heard: Heard[] = [];
    #playing: Heard | undefined;
    #audioMs = 0;
    #flushed = false;
    #end: NodeJS.Timeout | undefined;
    #pausedAt: number | undefined;
    #pausedMs = 0;
    #hurried = false;

    constructor() {
      super(24_000, undefined, { pause: canPause });
    }

    override async captureFrame(frame: AudioFrame): Promise<void> {
      await super.captureFrame(frame);
      if (!this.#playing) {
        this.#playing = { startMs: Date.now() };
        this.heard.push(this.#playing);
        this.onPlaybackStarted(this.#playing.startMs);
      }
      this.#flushed = false;
      this.#audioMs += (frame.samplesPerChannel / frame.sampleRate) * 1_000;
    }

    override flush(): void {
      super.flush();
      this.#flushed = true;
      this.#schedule();
    }

    hurry(): void {
      this.#hurried = true;
      this.#schedule();
    }

    override pause(): void {
      if (!this.#playing || this.#pausedAt !== undefined) return;
      this.#pausedAt = Date.now();
      clearTimeout(this.#end);
    }

    override resume(): void {
      if (this.#pausedAt === undefined) return;
      this.#pausedMs += Date.now() - this.#pausedAt;
      this.#pausedAt = undefined;
      this.#schedule();
    }

    override clearBuffer(): void {
      if (this.#playing) this.#finish(true);
    }

    #schedule(): void {
      clearTimeout(this.#end);
      if (!this.#playing || !this.#flushed || this.#pausedAt !== undefined) return;
      const left = this.#playing.startMs + this.#audioMs + this.#pausedMs - Date.now();
      this.#end = setTimeout(() => this.#finish(false), this.#hurried ? 0 : left);
    }

    #finish(interrupted: boolean): void {
      const playing = this.#playing;
      if (!playing) return;
      clearTimeout(this.#end);
      playing.endMs = this.#pausedAt ?? Date.now();
      playing.interrupted = interrupted;
      const playedMs = Math.min(this.#audioMs, playing.endMs - playing.startMs - this.#pausedMs);
      this.#playing = undefined;
      this.#pausedAt = undefined;
      this.#audioMs = 0;
      this.#pausedMs = 0;
      this.#hurried = false;
      this.onPlaybackFinished({ playbackPosition: playedMs / 1_000, interrupted });
    }
  }
  return new Loudspeaker();
}

const SPEECH_MS = 60;
const SILENCE_MS = 300;

/** Hears speech by its energy. */
export function createEnergyVad(agents: typeof Agents): Agents.VAD {
  const { START_OF_SPEECH, INFERENCE_DONE, END_OF_SPEECH } = agents.VADEventType;

  class EnergyStream extends agents.VADStream {
    label = 'energy';
    constructor(vad: Agents.VAD) {
      super(vad);
      void this.#run();
    }
    async #run(): Promise<void> {
      let [speaking, voicedMs, silenceMs, samplesIndex] = [false, 0, 0, 0];
      const reader = (this as unknown as { inputReader: ReadableStreamDefaultReader<AudioFrame | symbol> })
        .inputReader;
      for (;;) {
        const { done, value: frame } = await reader.read();
        if (done || this.closed) return;
        if (typeof frame === 'symbol') continue;
        const ms = (frame.samplesPerChannel / frame.sampleRate) * 1_000;
        const loud = frame.data.some((sample) => Math.abs(sample) > 512);
        samplesIndex += frame.samplesPerChannel;
        voicedMs = loud || speaking ? voicedMs + ms : 0;
        silenceMs = loud ? 0 : silenceMs + ms;
        const emit = (type: Agents.VADEventType): void =>
          (this as unknown as { sendVADEvent(event: unknown): void }).sendVADEvent({
            type,
            samplesIndex,
            timestamp: Date.now(),
            speechDuration: voicedMs,
            silenceDuration: silenceMs,
            frames: [frame],
            probability: loud ? 1 : 0,
            inferenceDuration: 0,
            speaking,
            rawAccumulatedSilence: silenceMs,
            rawAccumulatedSpeech: loud ? voicedMs : 0,
          });
        if (!speaking && voicedMs >= SPEECH_MS) {
          speaking = true;
          emit(START_OF_SPEECH);
        } else if (speaking && silenceMs >= SILENCE_MS) {
          speaking = false;
          emit(END_OF_SPEECH);
          voicedMs = 0;
        }
        emit(INFERENCE_DONE);
      }
    }
  }

  class EnergyVad extends agents.VAD {
    label = 'energy';
    constructor() {
      super({ updateInterval: 32 });
    }
    stream(): Agents.VADStream {
      return new EnergyStream(this) as never;
    }
    override async close(): Promise<void> {}
  }
  return new EnergyVad();
}

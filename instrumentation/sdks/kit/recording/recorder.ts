import type { Micros } from '../../../../model/facts.ts';
import { BYTES_PER_SAMPLE, SAMPLE_RATE, SILENT } from '../../../../recordings/wav.ts';
import { Lane } from './lane.ts';
import type { RecordingFile } from './recording-file.ts';

/** What was heard and is not laid yet. `atMs`: of the caller when it came, of the agent when it is heard. */
type Heard =
  | {
      readonly kind: 'caller' | 'agent';
      readonly atMs: number;
      readonly message: unknown;
      readonly bytes: number;
    }
  | { readonly kind: 'cleared'; readonly atMs: number };

/** Sound of a message, in mu-law, and of the caller when it was spoken: milliseconds since the stream began. */
export interface Sound {
  readonly bytes: Uint8Array;
  readonly sinceMs?: number | undefined;
  /** It is no caller's: the stream carries what the caller hears, too. */
  readonly isAgents?: boolean;
}

export interface RecorderOptions {
  /** The instant of the first sample. */
  startUs: Micros;
  open: () => Promise<RecordingFile>;
  /** Reads the sound of a message; undefined: it has none. */
  read: (message: unknown) => Sound | undefined;
  /** Whether so many bytes more may wait, in all recordings together; gives them back where there are fewer than 0. */
  reserve: (bytes: number) => boolean;
  /** Called with sound that will be in no recording, in seconds. */
  onLost: (seconds: number, reason: LossReason) => void;
  /** Called when the file cannot be written. This recording ends with it. */
  onFailed: (error: unknown) => void;
  /** Nothing is left to write. `whole`: nothing was lost. */
  onDone: (whole: boolean) => void;
}

export type LossReason = 'disk' | 'buffer_full' | 'late' | 'too_long';

/** Frames of the caller are late at times; what comes later than this is lost. */
const LAG_MS = 1_000;
/** Sound that waits, of one call: some minutes of an answer that was sent at once. */
const MAX_WAITING_BYTES = 8 << 20;
/** Of one file. A clock that jumps must not make a file of its own. */
const MAX_SAMPLES = 6 * 3_600 * SAMPLE_RATE;
/** Written at once: more waits for the next time. */
const MAX_TAKE = 60 * SAMPLE_RATE;
/** Two pieces so near to each other are one: the instants of frames are rounded. */
const SEAM_SAMPLES = 8;
const CALLER_SEAM_SAMPLES = 800;
/** How far in front of its arrival sound may say that it was spoken. */
const EARLY_SAMPLES = SAMPLE_RATE / 2;

const samplesOf = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.round((ms * SAMPLE_RATE) / 1_000);

/**
 * Makes one recording: left what the caller said, when it was said; right what the agent said, when it was heard. On the
 * audio path it only notes; the rest is `work`, now and then. What cannot be kept is lost and counted, and the call goes on.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  #heard: Heard[] = [];
  readonly #caller = new Lane();
  readonly #agent = new Lane();
  #waitingBytes = 0;
  /** When the caller's stream began, in samples: not after the recording. */
  #streamStart: number | undefined;
  #written = 0;
  #file: RecordingFile | undefined;
  #isBusy = false;
  /** Under way, or written last: saved again where the process ends with it. */
  #taken: { from: number; sound: Buffer } | undefined;
  #closedAt: number | undefined;
  #isDone = false;
  #hasFailed = false;
  #isWhole = true;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#isBusy = true;
    options
      .open()
      .then((file) => {
        this.#file = file;
        this.#isBusy = false;
        // Unless the process ends before.
        if (this.#isDone) void file.abandon();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  /** A message of the caller came. On the audio path. */
  caller(message: unknown, bytes: number, atMs: number): void {
    this.#note({ kind: 'caller', atMs, message, bytes });
  }

  /** A message of the agent is heard from an instant on. On the audio path. */
  agent(message: unknown, bytes: number, atMs: number): void {
    this.#note({ kind: 'agent', atMs, message, bytes });
  }

  /** What of the agent was not heard by then never is. */
  cleared(atMs: number): void {
    if (!this.#isDone) this.#heard.push({ kind: 'cleared', atMs });
  }

  /** The call has ended. */
  close(atMs: number): void {
    this.#closedAt ??= Math.min(MAX_SAMPLES, Math.max(0, this.#sample(atMs)));
  }

  /** Lays what was heard, and writes what nothing can change any more. */
  async work(nowMs: number): Promise<void> {
    if (this.#isDone) return;
    // Nothing is written before, and by then it is known when the stream began.
    if (this.#closedAt === undefined && this.#sample(nowMs - LAG_MS) <= 0) return;
    this.#lay();
    this.#account();
    const file = this.#file;
    if (this.#isBusy || file === undefined) return;
    this.#isBusy = true;
    try {
      const sound = this.#take(this.#closedAt ?? this.#sample(nowMs - LAG_MS));
      if (sound.length > 0) {
        await file.write(this.#written, sound);
        this.#written += sound.length / BYTES_PER_SAMPLE;
        this.#taken = undefined;
        this.#account();
      }
      if (this.#closedAt !== undefined && this.#written >= this.#closedAt) await this.#finish(file);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Writes all there is, at once: the process is about to go. */
  saveNow(nowMs: number): void {
    if (this.#isDone) return;
    this.#isDone = true;
    try {
      this.#lay();
      const before = this.#taken;
      const from = this.#written + (before?.sound.length ?? 0) / BYTES_PER_SAMPLE;
      const to = Math.max(from, Math.min(this.#closedAt ?? this.#sample(nowMs), from + MAX_TAKE));
      const rest = this.#render(from, to);
      this.#file?.writeNow(this.#written, before === undefined ? rest : Buffer.concat([before.sound, rest]));
    } catch (error) {
      this.#options.onFailed(error);
    }
    this.#options.onDone(this.#isWhole);
  }

  #note(heard: Exclude<Heard, { kind: 'cleared' }>): void {
    const { bytes } = heard;
    const refusal = this.#refusal(bytes);
    // About as long: base64 has four characters for three bytes.
    if (refusal !== undefined) this.#lost((bytes * 3) / 4 / SAMPLE_RATE, refusal);
    else if (!this.#isDone && this.#closedAt === undefined) {
      this.#waitingBytes += bytes;
      this.#heard.push(heard);
    }
  }

  #refusal(bytes: number): LossReason | undefined {
    if (this.#hasFailed) return 'disk';
    if (this.#written >= MAX_SAMPLES) return 'too_long';
    if (this.#isDone || this.#closedAt !== undefined) return undefined;
    const hasRoom = this.#waitingBytes + bytes <= MAX_WAITING_BYTES && this.#options.reserve(bytes);
    return hasRoom ? undefined : 'buffer_full';
  }

  /** Of what was noted only the sound is left, and of that only what is not written. */
  #account(): void {
    const held = this.#isDone ? 0 : this.#caller.bytes + this.#agent.bytes;
    this.#options.reserve(held - this.#waitingBytes);
    this.#waitingBytes = held;
  }

  #lost(seconds: number, reason: LossReason): void {
    if (seconds <= 0) return;
    this.#isWhole = false;
    this.#options.onLost(seconds, reason);
  }

  /** The sample that an instant is. */
  #sample(atMs: number): number {
    return Math.round(((Math.round(atMs * 1_000) - this.#options.startUs) * SAMPLE_RATE) / 1e6);
  }

  #lay(): void {
    const heard = this.#heard.map((each) => ({
      ...each,
      sound: each.kind === 'cleared' ? undefined : this.#options.read(each.message),
    }));
    this.#heard = [];
    this.#streamStart ??= this.#streamStartBy(
      heard.flatMap(({ kind, atMs, sound }) => (kind === 'caller' && sound ? [{ atMs, sound }] : [])),
    );
    for (const { kind, atMs, sound } of heard) {
      if (kind === 'cleared') this.#agent.cut(Math.max(0, this.#sample(atMs)));
      else if (sound === undefined) continue;
      else if (kind === 'agent') this.#layAgent(this.#sample(atMs), sound.bytes);
      else this.#layCaller(this.#sample(atMs), sound);
    }
  }

  /**
   * When the stream began, in samples; undefined: nothing says so yet. A process that was busy hears of a stream after it has
   * begun. No sound comes before it was spoken, so what came soonest says by how much.
   */
  #streamStartBy(heard: readonly { atMs: number; sound: Sound }[]): number | undefined {
    const starts = heard.flatMap(({ atMs, sound: { bytes, sinceMs } }) => {
      const [arrived, said] = [this.#sample(atMs), samplesOf(sinceMs)];
      return said === undefined || said > arrived + EARLY_SAMPLES ? [] : [arrived - bytes.length - said];
    });
    if (starts.length === 0) return undefined;
    return Math.min(0, ...starts);
  }

  #layAgent(at: number, sound: Uint8Array): void {
    const isNext = Math.abs(at - this.#agent.end) <= SEAM_SAMPLES;
    this.#agent.add(isNext ? this.#agent.end : Math.max(0, at), sound);
  }

  /** By the stream's own clock where it says so, which the network does not shake. */
  #layCaller(arrived: number, { bytes, sinceMs, isAgents = false }: Sound): void {
    const lane = isAgents ? this.#agent : this.#caller;
    const said = samplesOf(sinceMs);
    if (said !== undefined && said <= arrived + EARLY_SAMPLES) {
      const at = said + (this.#streamStart ?? 0);
      lane.add(Math.max(0, at), bytes.subarray(Math.max(0, -at)));
    } else {
      const at = Math.max(0, arrived - bytes.length);
      lane.add(Math.abs(at - lane.end) <= CALLER_SEAM_SAMPLES ? lane.end : at, bytes);
    }
  }

  /** The samples up to one. */
  #take(until: number): Buffer {
    const from = this.#written;
    const to = Math.min(until, from + MAX_TAKE, MAX_SAMPLES);
    if (to <= from) return Buffer.alloc(0);
    const sound = this.#render(from, to);
    this.#taken = { from, sound };
    return sound;
  }

  #render(from: number, to: number): Buffer {
    const sound = Buffer.alloc((to - from) * BYTES_PER_SAMPLE, SILENT);
    const late = this.#caller.take(from, to, sound, 0) + this.#agent.take(from, to, sound, 1);
    this.#lost(late / SAMPLE_RATE, 'late');
    return sound;
  }

  async #finish(file: RecordingFile): Promise<void> {
    await file.close(this.#written);
    this.#end();
  }

  #fail(error: unknown): void {
    if (this.#isDone) return;
    this.#hasFailed = true;
    this.#isWhole = false;
    this.#options.onFailed(error);
    void this.#file?.abandon();
    this.#end();
  }

  #end(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#heard = [];
    this.#account();
    this.#options.onDone(this.#isWhole);
  }
}

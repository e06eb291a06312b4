import { WebSocket } from 'ws';
import { FRAME_BYTES, MULAW_SILENCE, TELEPHONE_RATE } from './audio.ts';
import { LineRecording } from './line-recording.ts';
import { nowMicros } from './now.ts';
import type { Utterance } from './speech.ts';

const FRAME_MS = 20;
const MICROS_PER_SAMPLE = 1_000_000 / TELEPHONE_RATE;

/** When an utterance was spoken, by the frames that carried it. */
export interface Spoken {
  /** Epoch microseconds of the first voiced sample. */
  readonly startedMicros: number;
  /** Epoch microseconds of the end of the last voiced sample. */
  readonly endedMicros: number;
}

/** A recording of the line: what was said left, what was heard right. */
export interface Recorded {
  /** Epoch microseconds of the first sample. */
  readonly startedMicros: number;
  /** Mu-law at 8 kHz, two bytes a sample. */
  readonly stereo: Buffer;
}

/** What happens on the line, as the telephone hears it. Times are epoch microseconds. */
export type LineEvent = {
  readonly atMicros: number;
} /** Agent audio arrived. `startsPlayback`: nothing was being played, so this is the moment it is heard. */ & (
  | { readonly kind: 'audio'; readonly bytes: number; readonly startsPlayback: boolean }
  /** Everything that had arrived has been heard. */
  | { readonly kind: 'drained' }
  /** A mark of the agent was reached and echoed. */
  | { readonly kind: 'mark'; readonly name: string }
  /** The agent threw away what was not heard yet. */
  | { readonly kind: 'cleared'; readonly droppedSeconds: number }
  | { readonly kind: 'closed'; readonly by: 'caller' | 'agent' }
);

/** How a call is presented to the agent. */
export interface LineOptions {
  /** The agent's media stream, as its TwiML names it. */
  readonly url: string;
  readonly callSid: string;
  readonly streamSid: string;
  /** The `<Parameter>`s of the TwiML. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Receives every event as it happens. */
  readonly onEvent: (event: LineEvent) => void;
}

interface Pending {
  readonly utterance: Utterance;
  position: number;
  startedMicros: number | undefined;
  readonly resolve: (spoken: Spoken) => void;
}

/**
 * A telephone line as Twilio Media Streams presents it to an agent: 20 ms frames of mu-law in real time in one
 * direction, a playback buffer that is heard in real time in the other, with marks and clear.
 */
export class PhoneLine {
  readonly #options: LineOptions;
  readonly #socket: WebSocket;
  readonly #speaking: Pending[] = [];
  readonly #marks = new Map<NodeJS.Timeout, string>();
  readonly #recording = new LineRecording();
  #beganAt = 0;
  #beganMicros = 0;
  #frames = 0;
  #sequence = 0;
  #frameTimer: NodeJS.Timeout | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  /** When everything received will have been heard, on the clock of `performance.now()`. */
  #playedUntil = 0;
  #closedBy: 'caller' | 'agent' | undefined;

  private constructor(options: LineOptions, socket: WebSocket) {
    this.#options = options;
    this.#socket = socket;
    socket.on('message', (data) => this.#onMessage(JSON.parse(String(data))));
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
  }

  /**
   * Connects to the agent and begins the stream.
   *
   * @throws Error when the agent does not accept the connection.
   */
  static async open(options: LineOptions): Promise<PhoneLine> {
    const socket = new WebSocket(options.url);
    const line = new PhoneLine(options, socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    line.#begin();
    return line;
  }

  /** Seconds of audio sent to the agent. */
  get sentSeconds(): number {
    return (this.#frames * FRAME_MS) / 1000;
  }

  /** Whether agent audio is being heard now. */
  get playing(): boolean {
    return performance.now() < this.#playedUntil;
  }

  /** Whether either side has hung up. */
  get closed(): boolean {
    return this.#closedBy !== undefined;
  }

  /** The agent audio that was heard, without the silence between; what was cleared is not in it. */
  get heard(): Buffer {
    return this.#recording.heard;
  }

  /** What was said and heard so far, from the instant of its first sample on. */
  get recorded(): Recorded {
    return {
      startedMicros: this.#beganMicros,
      stereo: this.#recording.stereo(performance.now() - this.#beganAt),
    };
  }

  /** Speaks a recording from the next frame on; resolves when its last voiced sample has been sent. */
  say(utterance: Utterance): Promise<Spoken> {
    return new Promise((resolve) => {
      this.#speaking.push({ utterance, position: 0, startedMicros: undefined, resolve });
    });
  }

  /** Ends the call from this side. */
  hangUp(): void {
    if (this.#closedBy) return;
    this.#closedBy = 'caller';
    const { callSid } = this.#options;
    this.#send({ event: 'stop', stop: { accountSid: 'AC0', callSid } });
    this.#socket.close();
    // An agent that does not close its side is left.
    setTimeout(() => this.#socket.terminate(), 2000).unref();
  }

  #begin(): void {
    const { callSid, streamSid, parameters } = this.#options;
    this.#socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
    this.#send({
      event: 'start',
      start: {
        accountSid: 'AC0',
        streamSid,
        callSid,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: TELEPHONE_RATE, channels: 1 },
        customParameters: parameters,
      },
    });
    this.#beganAt = performance.now();
    this.#beganMicros = nowMicros();
    this.#scheduleFrame();
  }

  #send(message: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const envelope = { sequenceNumber: `${++this.#sequence}`, streamSid: this.#options.streamSid };
    this.#socket.send(JSON.stringify({ ...message, ...envelope }));
  }

  /** Frames are due on a fixed grid from the beginning, so that the lateness of a timer does not add up. */
  #scheduleFrame(): void {
    const due = this.#beganAt + (this.#frames + 1) * FRAME_MS;
    this.#frameTimer = setTimeout(() => {
      while (!this.closed && this.#beganAt + (this.#frames + 1) * FRAME_MS <= performance.now() + 0.5)
        this.#sendFrame();
      if (!this.closed) this.#scheduleFrame();
    }, due - performance.now());
  }

  #sendFrame(): void {
    const frame = Buffer.alloc(FRAME_BYTES, MULAW_SILENCE);
    const pending = this.#speaking[0];
    if (pending) {
      frame.set(pending.utterance.mulaw.subarray(pending.position, pending.position + FRAME_BYTES));
      this.#recording.say(this.#frames * FRAME_MS, frame);
    }
    const timestamp = `${this.#frames * FRAME_MS}`;
    const media = {
      track: 'inbound',
      chunk: `${++this.#frames}`,
      timestamp,
      payload: frame.toString('base64'),
    };
    this.#send({ event: 'media', media });
    if (pending) this.#account(pending, nowMicros());
  }

  /** A frame is sent when its last sample has been spoken; the earlier ones were spoken before that. */
  #account(pending: Pending, sentMicros: number): void {
    const { speechStartSeconds, speechEndSeconds } = pending.utterance;
    const [from, to] = [pending.position, pending.position + FRAME_BYTES];
    const at = (sample: number): number => Math.round(sentMicros - (to - sample) * MICROS_PER_SAMPLE);
    const [first, last] = [speechStartSeconds * TELEPHONE_RATE, speechEndSeconds * TELEPHONE_RATE];
    if (first >= from && first < to) pending.startedMicros = at(first);
    if (last > from && last <= to) {
      pending.resolve({ startedMicros: pending.startedMicros ?? at(from), endedMicros: at(last) });
    }
    pending.position = to;
    if (to >= pending.utterance.mulaw.length) this.#speaking.shift();
  }

  #emit(event: LineEvent): void {
    this.#options.onEvent(event);
  }

  #onMessage(message: { event?: string; media?: { payload: string }; mark?: { name: string } }): void {
    const atMicros = nowMicros();
    if (message.event === 'media' && message.media) {
      const audio = Buffer.from(message.media.payload, 'base64');
      const startsPlayback = !this.playing;
      const heardAt = Math.max(performance.now(), this.#playedUntil);
      this.#playedUntil = heardAt + (audio.length / TELEPHONE_RATE) * 1000;
      this.#recording.hear(heardAt - this.#beganAt, audio);
      this.#emit({ kind: 'audio', atMicros, bytes: audio.length, startsPlayback });
      this.#scheduleDrained();
    } else if (message.event === 'mark' && message.mark) {
      const { name } = message.mark;
      const timer = setTimeout(() => this.#echo(timer, name), this.#playedUntil - performance.now());
      this.#marks.set(timer, name);
    } else if (message.event === 'clear') {
      this.#clear(atMicros);
    }
  }

  #scheduleDrained(): void {
    clearTimeout(this.#drainTimer);
    // A timer may be a little early by the clock that playback is measured with: look again then.
    this.#drainTimer = setTimeout(() => {
      if (this.playing) this.#scheduleDrained();
      else this.#emit({ kind: 'drained', atMicros: nowMicros() });
    }, this.#playedUntil - performance.now());
  }

  #echo(timer: NodeJS.Timeout, name: string): void {
    clearTimeout(timer);
    this.#marks.delete(timer);
    this.#send({ event: 'mark', mark: { name } });
    this.#emit({ kind: 'mark', name, atMicros: nowMicros() });
  }

  #clear(atMicros: number): void {
    clearTimeout(this.#drainTimer);
    const droppedSeconds = Math.max(0, this.#playedUntil - performance.now()) / 1000;
    this.#playedUntil = performance.now();
    this.#recording.cut(this.#playedUntil - this.#beganAt);
    this.#emit({ kind: 'cleared', droppedSeconds, atMicros });
    // Twilio sends the marks of what it has dropped back at once.
    for (const [timer, name] of [...this.#marks]) this.#echo(timer, name);
  }

  #onClose(): void {
    this.#closedBy ??= 'agent';
    clearTimeout(this.#frameTimer);
    clearTimeout(this.#drainTimer);
    for (const timer of this.#marks.keys()) clearTimeout(timer);
    this.#emit({ kind: 'closed', by: this.#closedBy, atMicros: nowMicros() });
  }
}

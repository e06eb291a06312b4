import { type Context, diag } from '@opentelemetry/api';
import { Call } from '../../../call/call.ts';
import { nowMs } from '../../../call/clock.ts';
import { CallScope, withScope } from '../../../call/scope.ts';
import { Playout } from '../live/playout.ts';
import { byteLength, closedCleanly } from '../live/sockets.ts';
import type { Recorder } from '../recording/recorder.ts';
import { startRecording } from '../recording/recordings.ts';
import type { Carrier, StreamRequest, StreamSignal, StreamStart } from './carrier.ts';
import { TELEPHONE } from './codecs.ts';
import { payloadBytes, payloadOf, readEvent, type StreamEvent, sizeOf, soundOf } from './messages.ts';

/** Messages before the one that begins a stream. */
const GREETING = 'connected';

/**
 * One server-side socket that may carry a carrier's media stream. Its call begins with the stream and ends with it; what
 * the application sends tells what the caller hears. Nothing here throws, and a frame of audio is not parsed.
 */
export class MediaSocket {
  readonly #carriers: ReadonlyMap<string, Carrier>;
  readonly #request: StreamRequest;
  readonly #scope = new CallScope();
  readonly #outside: Context;
  readonly #playout: Playout;
  #ignored = false;
  #carrier: Carrier | undefined;
  #stream: StreamStart | undefined;
  #stoppedMs: number | undefined;
  /** The application ends the connection. */
  #closing = false;
  /** Audio of the caller has come. */
  #hears = false;
  /** Where calls are recorded. */
  #recorder: Recorder | undefined;

  /**
   * @param carriers Whose protocols it may speak, in any order.
   * @param active The context in which the connection was accepted.
   */
  constructor(carriers: ReadonlyMap<string, Carrier>, active: Context, request: StreamRequest = { url: '' }) {
    this.#carriers = carriers;
    this.#request = request;
    // A holder of its own, empty until the stream begins: handlers set up speech-to-text before the call is known.
    this.#outside = withScope(active, this.#scope);
    this.#playout = new Playout({
      started: (atMs) => this.#call?.tracker.playbackStarted(atMs),
      ended: (atMs) => this.#call?.tracker.playbackEnded(atMs),
      cleared: (atMs) => this.#call?.tracker.playbackCleared(atMs),
      cutOff: (atMs) => this.#call?.tracker.playbackCutOff('hangup', atMs),
    });
  }

  /** It speaks no carrier's protocol. */
  get ignored(): boolean {
    return this.#ignored;
  }

  /** Where the socket's handlers run. */
  get context(): Context {
    return this.#call?.context ?? this.#outside;
  }

  /** A message came. Called before the application's handlers, which find the call that it started. */
  received(data: unknown, isBinary = false): void {
    try {
      this.#received(data, isBinary);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** The application's handlers of the message are done. What they still sent belongs to the call. */
  handled(): void {
    if (this.#stoppedMs !== undefined) this.#end('hangup', this.#stoppedMs);
  }

  /** The application closes the connection. */
  closing(): void {
    this.#closing = true;
  }

  /** The connection is gone. */
  closed(code?: unknown): void {
    const byCarrier = this.#carrier?.endsByClosing === true && !this.#closing && closedCleanly(code);
    this.#end(byCarrier ? 'hangup' : 'connection_closed', nowMs());
  }

  /** The application sends a message. */
  sent(data: unknown): void {
    if (this.#carrier === undefined || this.#ignored) return;
    try {
      this.#sent(this.#carrier, data);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  get #call(): Call | undefined {
    const { call } = this.#scope;
    return call?.ended ? undefined : call;
  }

  #received(data: unknown, isBinary: boolean): void {
    const event = isBinary && this.#stream?.isBinary === true ? 'media' : readEvent(data);
    if (event === 'media') this.#audio(data);
    else if (this.#carrier === undefined) this.#meet(event);
    else if (event !== undefined) this.#hear(this.#carrier.hears(event));
  }

  /** The first messages say whose socket it is. */
  #meet(event: StreamEvent | undefined): void {
    if (event?.event === GREETING) return;
    for (const carrier of event === undefined ? [] : this.#carriers.values()) {
      const stream = event && carrier.begins(event, this.#request);
      if (stream === undefined) continue;
      this.#carrier = carrier;
      this.#begin(carrier, stream);
      return;
    }
    this.#ignored = true;
  }

  #begin({ name }: Carrier, stream: StreamStart): void {
    this.#stream = stream;
    const call = new Call({ ...stream.call, transport: name }, this.#scope);
    if (stream.audio.bytesPerMs === undefined) return;
    call.tracker.observePlayback();
    // Recordings are of mu-law.
    if (stream.audio.isMulaw === true) this.#recorder = startRecording(call.id, call.startUs, soundOf);
  }

  #hear(signal: StreamSignal | undefined): void {
    if (signal?.kind === 'mark') this.#playout.echoed(signal.name, nowMs());
    else if (signal?.kind === 'key') this.#call?.pressed(nowMs());
    else if (signal?.kind === 'stop') this.#stoppedMs = nowMs();
  }

  #audio(data: unknown): void {
    if (!this.#hears) this.#heard();
    if (this.#recorder !== undefined) this.#listen(this.#recorder, data);
  }

  #heard(): void {
    const call = this.#call;
    if (!call) return;
    this.#hears = true;
    call.tracker.liveAudio = true;
  }

  /** For as long as the call goes on: the application may end it before the caller hangs up. */
  #listen(recorder: Recorder, data: unknown): void {
    if (this.#call) recorder.caller(data, sizeOf(data), nowMs());
    else recorder.close(nowMs());
  }

  #sent(carrier: Carrier, data: unknown): void {
    const sound = this.#outgoing(carrier, data);
    if (sound !== undefined) {
      const { bytes, bytesPerMs } = sound;
      // Of sound whose length is not known nothing is known.
      if (bytesPerMs === undefined || bytes === 0) return;
      this.#playout.queued(bytes / bytesPerMs, nowMs());
      if (bytesPerMs === TELEPHONE) this.#record(data, bytes / bytesPerMs);
      return;
    }
    const event = readEvent(data);
    if (event === undefined || event === 'media') return;
    const signal = carrier.sends(event);
    if (signal?.kind === 'mark') this.#playout.mark(signal.name);
    else if (signal?.kind === 'clear') {
      const atMs = nowMs();
      this.#playout.clear(atMs, carrier.returnsClearedMarks);
      this.#recorder?.cleared(atMs);
    }
  }

  /** How much audio an outgoing message has, and of which kind; undefined for any other message. */
  #outgoing(carrier: Carrier, data: unknown): { bytes: number; bytesPerMs: number | undefined } | undefined {
    const stream = this.#stream;
    if (stream === undefined) return undefined;
    const { bytesPerMs } = stream.audio;
    if (stream.isBinary === true)
      return typeof data === 'string' ? undefined : { bytes: byteLength(data), bytesPerMs };
    const payload = payloadOf(data);
    if (payload === undefined) return undefined;
    const rate = carrier.outgoing ? carrier.outgoing(payload, stream) : bytesPerMs;
    return { bytes: payloadBytes(payload), bytesPerMs: rate };
  }

  /** From when it is heard on: behind what was queued before it. */
  #record(data: unknown, milliseconds: number): void {
    if (this.#recorder === undefined) return;
    // The application may use its bytes again.
    const kept = data instanceof Uint8Array ? Buffer.from(data) : data;
    this.#recorder.agent(kept, sizeOf(kept), this.#playout.endsMs - milliseconds);
  }

  #end(reason: string, atMs: number): void {
    try {
      this.#stoppedMs = undefined;
      this.#recorder?.close(atMs);
      this.#playout.close(atMs);
      this.#call?.end({ reason, at: atMs });
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    this.#ignored = true;
    diag.error('earshot: following a media stream failed; the call goes on without', error);
    this.#recorder?.close(nowMs());
    this.#call?.end({ reason: 'unknown' });
  }
}

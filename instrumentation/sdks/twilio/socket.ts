import { type Context, diag } from '@opentelemetry/api';
import { Call, type CallStart } from '../../call/call.ts';
import { parameterTags } from '../../call/call-tags.ts';
import { nowMs } from '../../call/clock.ts';
import { CallScope, withScope } from '../../call/scope.ts';
import { Playout } from '../kit/live/playout.ts';
import { at, type Foreign, foreign, text } from '../kit/patch.ts';
import type { Recorder } from '../kit/recording/recorder.ts';
import { startRecording } from '../kit/recording/recordings.ts';
import { mediaMilliseconds, readEvent, sizeOf, soundOf } from './messages.ts';

/**
 * One server-side socket that may carry a Twilio media stream. Its call starts with `start` and ends with `stop`; what
 * the application sends tells what the caller hears. Nothing here throws, and a frame of audio is not parsed.
 */
export class TwilioSocket {
  readonly #scope = new CallScope();
  readonly #outside: Context;
  readonly #playout: Playout;
  #state: 'unknown' | 'twilio' | 'ignored' = 'unknown';
  #stoppedMs: number | undefined;
  /** Audio of the caller has come. */
  #hears = false;
  /** Where calls are recorded. */
  #recorder: Recorder | undefined;

  /** @param active The context in which the connection was accepted. */
  constructor(active: Context) {
    // A holder of its own, empty until `start`: handlers set up speech-to-text before the call is known.
    this.#outside = withScope(active, this.#scope);
    this.#playout = new Playout({
      started: (atMs) => this.#call?.tracker.playbackStarted(atMs),
      ended: (atMs) => this.#call?.tracker.playbackEnded(atMs),
      cleared: (atMs) => this.#call?.tracker.playbackCleared(atMs),
      cutOff: (atMs) => this.#call?.tracker.playbackCutOff('hangup', atMs),
    });
  }

  /** It does not speak Twilio's protocol. */
  get ignored(): boolean {
    return this.#state === 'ignored';
  }

  /** Where the socket's handlers run. */
  get context(): Context {
    return this.#call?.context ?? this.#outside;
  }

  /** A message came. Called before the application's handlers, which find the call that it started. */
  received(data: unknown): void {
    try {
      this.#received(data);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** The application's handlers of the message are done. What they still sent belongs to the call. */
  handled(): void {
    if (this.#stoppedMs !== undefined) this.#end('hangup', this.#stoppedMs);
  }

  /** The connection is gone. */
  closed(): void {
    this.#end('connection_closed', nowMs());
  }

  /** The application sends a message. */
  sent(data: unknown): void {
    if (this.#state !== 'twilio') return;
    try {
      this.#sent(data);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  get #call(): Call | undefined {
    const { call } = this.#scope;
    return call?.ended ? undefined : call;
  }

  #received(data: unknown): void {
    const event = readEvent(data);
    if (event === 'media') {
      if (!this.#hears) this.#heard();
      if (this.#recorder !== undefined) this.#listen(this.#recorder, data);
      return;
    }
    if (this.#state === 'unknown') {
      const twilio = event?.event === 'connected' || event?.event === 'start';
      this.#state = twilio ? 'twilio' : 'ignored';
    }
    if (!event) return;
    if (event.event === 'start') this.#start(event);
    else if (event.event === 'mark') this.#playout.echoed(markName(event), nowMs());
    else if (event.event === 'stop') this.#stoppedMs = nowMs();
  }

  /** For as long as the call goes on: the application may end it before the caller hangs up. */
  #listen(recorder: Recorder, data: unknown): void {
    if (this.#call) recorder.caller(data, sizeOf(data), nowMs());
    else recorder.close(nowMs());
  }

  #heard(): void {
    const call = this.#call;
    if (this.#state !== 'twilio' || !call) return;
    this.#hears = true;
    call.tracker.liveAudio = true;
  }

  #sent(data: unknown): void {
    const milliseconds = mediaMilliseconds(data);
    if (milliseconds !== undefined) {
      this.#playout.queued(milliseconds, nowMs());
      this.#record(data, milliseconds);
      return;
    }
    const event = readEvent(data);
    if (event === undefined || event === 'media') return;
    if (event.event === 'mark') this.#playout.mark(markName(event));
    else if (event.event === 'clear') {
      const atMs = nowMs();
      this.#playout.clear(atMs);
      this.#recorder?.cleared(atMs);
    }
  }

  /** From when it is heard on: behind what was queued before it. */
  #record(data: unknown, milliseconds: number): void {
    if (this.#recorder === undefined) return;
    // The application may use its bytes again.
    const kept = data instanceof Uint8Array ? Buffer.from(data) : data;
    this.#recorder.agent(kept, sizeOf(kept), this.#playout.endsMs - milliseconds);
  }

  #start(message: Foreign): void {
    const start = foreign(message.start);
    if (!start || this.#call) return;
    const call = new Call(callStart(start), this.#scope);
    call.tracker.observePlayback();
    this.#recorder = startRecording(call.id, call.startUs, soundOf);
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
    this.#state = 'ignored';
    diag.error('earshot: following a Twilio media stream failed; the call goes on without', error);
    this.#recorder?.close(nowMs());
    this.#call?.end({ reason: 'unknown' });
  }
}

const markName = (event: Foreign): string => text(at(event, 'mark', 'name')) ?? '';

/** What of `start` describes the call. Custom parameters hold anything: only the known ones are read, and those that are named in the settings. */
function callStart(start: Foreign): CallStart {
  const parameters = foreign(start.customParameters);
  const direction = parameters?.direction;
  return {
    id: text(start.callSid) ?? text(start.streamSid),
    transport: 'twilio',
    channel: 'phone',
    direction: direction === 'inbound' || direction === 'outbound' ? direction : undefined,
    campaignId: text(parameters?.campaign_id) ?? text(parameters?.campaignId),
    agentName: text(parameters?.agent_name) ?? text(parameters?.agentName),
    ...parameterTags(parameters),
  };
}

import { nowMicros } from './now.ts';
import { type LineEvent, PhoneLine, type Recorded, type Spoken } from './phone-line.ts';
import { type Utterance, utterance } from './speech.ts';
import { requestStream, type StreamRequest } from './twiml.ts';

/** What a person on the telephone does next. */
export type CallerStep =
  /** Says a recording of demo/speech, or another one. */
  | { readonly kind: 'say'; readonly utterance: string | Utterance }
  /** Hears the agent out: until its answer has been played to the end. */
  | { readonly kind: 'listen' }
  /** Talks over the agent, this long after its answer began to be heard. */
  | { readonly kind: 'barge_in'; readonly utterance: string | Utterance; readonly afterMs: number }
  /** Hears the agent out, and waits until so long after it. */
  | { readonly kind: 'after_answer'; readonly ms: number }
  | { readonly kind: 'pause'; readonly ms: number }
  /** Waits for something that happens elsewhere. */
  | { readonly kind: 'until'; readonly what: string; readonly met: () => boolean }
  | { readonly kind: 'hang_up' }
  /** Waits for the agent to hang up. */
  | { readonly kind: 'hold' };

/** A call to make. */
export interface CallPlan {
  readonly callSid: string;
  /** Who called whom: an `outbound` call is one that the agent makes. */
  readonly direction: 'inbound' | 'outbound';
  readonly from: string;
  readonly to: string;
  readonly steps: readonly CallerStep[];
}

/** One exchange as the person on the telephone knows it. Times are epoch microseconds; absent: it did not happen. */
export interface TurnTruth {
  readonly initiator: 'user' | 'agent';
  /** Name and text of the recording that was said. */
  readonly utterance?: string;
  readonly text?: string;
  readonly speechStartedMicros?: number;
  /** The end of the last voiced sample. */
  readonly speechEndedMicros?: number;
  /** The first agent audio that was heard after it. */
  readonly firstAudioMicros?: number;
  /** When the last of the answer had been heard, or when it was cleared. */
  readonly playbackEndedMicros?: number;
  /** When the agent threw away the rest of this answer. */
  readonly clearedMicros?: number;
  /** When the person began to talk over this answer. */
  readonly bargedInMicros?: number;
  /** Seconds of agent audio that arrived for this turn, and that were dropped unheard. */
  readonly receivedSeconds: number;
  readonly droppedSeconds: number;
}

/** A call as the person on the telephone knows it. */
export interface CallTruth {
  readonly callSid: string;
  readonly direction: 'inbound' | 'outbound';
  readonly connectedMicros: number;
  readonly endedMicros: number;
  readonly endedBy: 'caller' | 'agent';
  readonly turns: readonly TurnTruth[];
  /** Seconds of audio sent to the agent. */
  readonly sentSeconds: number;
  /** Seconds of agent audio that were heard. */
  readonly heardSeconds: number;
  /** The agent audio that was heard: mu-law at 8 kHz, without the silence between. */
  readonly heard: Buffer;
  /** What the person said and heard, with all silence. */
  readonly recorded: Recorded;
  readonly marks: number;
  readonly clears: number;
}

/** What a watcher of a running call is told. */
export type CallProgress =
  | { readonly kind: 'connected' }
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'answered'; readonly silenceMs: number }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'ended'; readonly by: 'caller' | 'agent' };

/** Where and how a plan is carried out. */
export interface CallerOptions {
  /**
   * The agent's origin, for example `http://127.0.0.1:8080`, whose `/twiml` is asked what to do with the call; another address
   * to ask; or with `ws:` its media stream.
   */
  readonly agentUrl: string;
  readonly onProgress?: (progress: CallProgress) => void;
  /** Milliseconds any one step may take before the call is given up. (Default: 60000.) */
  readonly stepDeadlineMs?: number;
  /** The pause after which an answer without a mark counts as ended, in milliseconds. (Default: 1500.) */
  readonly quietMs?: number;
}

type Draft = { -readonly [K in keyof TurnTruth]: TurnTruth[K] };

/**
 * Makes one call to an agent and returns what really happened in it.
 *
 * @throws Error when the agent refuses the call, or a step does not come to its end; the call is hung up then.
 */
export async function makeCall(plan: CallPlan, options: CallerOptions): Promise<CallTruth> {
  const stream = await streamOf(options.agentUrl, plan);
  const caller = new PhoneCaller(plan, options);
  return caller.run(stream.url, stream.parameters);
}

async function streamOf(agentUrl: string, plan: CallPlan): Promise<StreamRequest> {
  const url = new URL(agentUrl);
  if (url.protocol === 'ws:')
    return { url: agentUrl, parameters: { direction: plan.direction, from: plan.from, to: plan.to } };
  if (url.pathname === '/') url.pathname = '/twiml';
  return requestStream(url.href, plan);
}

/** The pause after which an answer without a mark counts as ended. */
const QUIET_MS = 1500;
/** The same for a person who waits for a while anyway. */
const SHORT_QUIET_MS = 800;
const LOOK_AGAIN_MS = 100;

class PhoneCaller {
  readonly #plan: CallPlan;
  readonly #options: CallerOptions;
  readonly #turns: Draft[] = [];
  readonly #waiters = new Set<() => void>();
  #line: PhoneLine | undefined;
  /** The turn that agent audio belongs to: the last whose speech has ended. */
  #answering: Draft | undefined;
  #marks = 0;
  #clears = 0;
  /** The last thing to happen to the answer: decides whether it is over. */
  #answer: { readonly state: 'none' | 'playing' | 'drained' | 'over'; readonly since: number } = {
    state: 'none',
    since: 0,
  };
  #ended: { readonly atMicros: number; readonly by: 'caller' | 'agent' } | undefined;

  constructor(plan: CallPlan, options: CallerOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  async run(url: string, parameters: Readonly<Record<string, string>>): Promise<CallTruth> {
    const { callSid, direction, steps } = this.#plan;
    const streamSid = `MZ${callSid.slice(2)}`;
    const onEvent = (event: LineEvent): void => this.#onEvent(event);
    const line = await PhoneLine.open({ url, callSid, streamSid, parameters, onEvent });
    this.#line = line;
    const connectedMicros = nowMicros();
    this.#options.onProgress?.({ kind: 'connected' });
    try {
      for (const step of steps) {
        if (this.#ended) break;
        await this.#take(step, line);
      }
    } finally {
      line.hangUp();
      await this.#until(() => this.#ended !== undefined, 'the end of the connection');
    }
    const { heard, recorded } = line;
    return {
      callSid,
      direction,
      connectedMicros,
      endedMicros: this.#ended?.atMicros ?? nowMicros(),
      endedBy: this.#ended?.by ?? 'caller',
      turns: this.#turns,
      sentSeconds: line.sentSeconds,
      heardSeconds: heard.length / 8000,
      heard,
      recorded,
      marks: this.#marks,
      clears: this.#clears,
    };
  }

  async #take(step: CallerStep, line: PhoneLine): Promise<void> {
    switch (step.kind) {
      case 'say':
        await this.#say(step.utterance, line);
        return;
      case 'barge_in': {
        await this.#until(() => this.#answer.state === 'playing', 'the answer to talk over');
        await this.#pause(step.afterMs);
        const interrupted = this.#answering;
        const { startedMicros } = await this.#say(step.utterance, line);
        if (interrupted) interrupted.bargedInMicros = startedMicros;
        return;
      }
      case 'listen':
        return this.#until(() => this.#answerIsOver(), 'the end of the answer');
      case 'after_answer': {
        const quietMs = Math.max(step.ms, SHORT_QUIET_MS);
        await this.#until(() => this.#answerIsOver(quietMs), 'the end of the answer');
        return this.#pause(this.#answer.since + step.ms - performance.now());
      }
      case 'pause':
        return this.#pause(step.ms);
      case 'until':
        return this.#until(step.met, step.what);
      case 'hold':
        return this.#until(() => this.#ended !== undefined, 'the agent to hang up');
      case 'hang_up':
        line.hangUp();
        return;
      default:
        step satisfies never;
    }
  }

  async #say(what: string | Utterance, line: PhoneLine): Promise<Spoken> {
    const said = typeof what === 'string' ? utterance(what) : what;
    const spoken = await Promise.race([line.say(said), this.#lineClosed()]);
    const turn: Draft = {
      initiator: 'user',
      utterance: said.name,
      text: said.text,
      speechStartedMicros: spoken.startedMicros,
      speechEndedMicros: spoken.endedMicros,
      receivedSeconds: 0,
      droppedSeconds: 0,
    };
    this.#turns.push(turn);
    this.#answering = turn;
    this.#answer = { state: 'none', since: performance.now() };
    this.#options.onProgress?.({ kind: 'said', text: said.text });
    return spoken;
  }

  #answerIsOver(quietMs = this.#options.quietMs ?? QUIET_MS): boolean {
    const { state, since } = this.#answer;
    return state === 'over' || (state === 'drained' && performance.now() - since >= quietMs);
  }

  #onEvent(event: LineEvent): void {
    const now = performance.now();
    switch (event.kind) {
      case 'audio': {
        const turn = this.#turnOfAudio();
        turn.receivedSeconds += event.bytes / 8000;
        if (turn.firstAudioMicros === undefined) {
          turn.firstAudioMicros = event.atMicros;
          const since = turn.speechEndedMicros;
          if (since !== undefined) {
            this.#options.onProgress?.({ kind: 'answered', silenceMs: (event.atMicros - since) / 1000 });
          }
        }
        this.#answer = { state: 'playing', since: now };
        break;
      }
      case 'drained':
        if (this.#answering) this.#answering.playbackEndedMicros = event.atMicros;
        if (this.#answer.state === 'playing') this.#answer = { state: 'drained', since: now };
        break;
      case 'mark':
        this.#marks++;
        // A mark that comes after the audio says that no more of this answer follows.
        if (this.#answer.state !== 'none') this.#answer = { state: 'over', since: now };
        // The person may hang up before the line has noticed that nothing is left to hear.
        if (this.#answering) this.#answering.playbackEndedMicros ??= event.atMicros;
        break;
      case 'cleared':
        this.#clears++;
        if (this.#answering) {
          this.#answering.clearedMicros = event.atMicros;
          this.#answering.playbackEndedMicros = event.atMicros;
          this.#answering.droppedSeconds += event.droppedSeconds;
        }
        this.#answer = { state: 'over', since: now };
        this.#options.onProgress?.({ kind: 'cleared' });
        break;
      case 'closed':
        this.#ended = { atMicros: event.atMicros, by: event.by };
        this.#options.onProgress?.({ kind: 'ended', by: event.by });
        break;
      default:
        event satisfies never;
    }
    this.#look();
  }

  #turnOfAudio(): Draft {
    if (!this.#answering) {
      this.#answering = { initiator: 'agent', receivedSeconds: 0, droppedSeconds: 0 };
      this.#turns.push(this.#answering);
    }
    return this.#answering;
  }

  async #lineClosed(): Promise<never> {
    await this.#until(() => this.#ended !== undefined, 'the utterance to be sent');
    throw new Error(`${this.#plan.callSid}: the agent hung up while the caller spoke`);
  }

  async #pause(ms: number): Promise<void> {
    const until = performance.now() + ms;
    // A timer may be a little early by this clock.
    const timer = setTimeout(() => this.#look(), ms + 1);
    await this.#until(() => this.#ended !== undefined || performance.now() >= until, 'a pause');
    clearTimeout(timer);
  }

  #look(): void {
    for (const look of [...this.#waiters]) look();
  }

  /** Waits for a condition that an event or the passing of time brings about; the end of the call ends the wait too. */
  #until(met: () => boolean, what: string): Promise<void> {
    const deadlineMs = this.#options.stepDeadlineMs ?? 60_000;
    return new Promise((resolve, reject) => {
      const begun = performance.now();
      const look = (): void => {
        if (met() || this.#ended) settle(resolve);
        else if (performance.now() - begun > deadlineMs) {
          const { callSid } = this.#plan;
          settle(() =>
            reject(
              new Error(`${callSid}: waited ${deadlineMs} ms for ${what}; playing: ${this.#line?.playing}`),
            ),
          );
        }
      };
      const settle = (done: () => void): void => {
        clearInterval(timer);
        this.#waiters.delete(look);
        done();
      };
      const timer = setInterval(look, LOOK_AGAIN_MS);
      this.#waiters.add(look);
      look();
    });
  }
}

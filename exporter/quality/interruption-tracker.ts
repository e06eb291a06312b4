import type { Interruption, Micros } from '../../model/facts.ts';
import type { InterruptionKind } from '../../model/vocabulary.ts';
import { type InterruptionMetrics, InterruptionTally } from './interruption-metrics.ts';

/**
 * What the tracker is waiting for. At most one overlap is open at a time, so the state is one small object however
 * long the call.
 */
type Overlap =
  | { is: 'none' }
  /** The user began while the agent was audible. */
  | { is: 'user_began'; atUs: Micros; userEndedUs?: Micros; committed: boolean }
  /** The agent finished its reply all the same: backchannel, unless the words become a turn. */
  | { is: 'heard_out'; atUs: Micros; agentEndedUs: Micros; userEnded: boolean }
  /** The agent began while the user was, as far as is known, still speaking. */
  | { is: 'agent_began'; atUs: Micros; agentEndedUs?: Micros }
  /** The agent was silenced in mid-reply and may go on. Without `userAtUs` no speech that did it is known (yet). */
  | { is: 'stopped'; stoppedUs: Micros; userAtUs?: Micros }
  /** The same, and what it was is decided. */
  | { is: 'stopped_decided' };

const NONE: Overlap = { is: 'none' };

/** Options of {@link InterruptionTracker}. */
export interface InterruptionTrackerOptions {
  /**
   * Seconds of the user's silence after which words spoken over the agent are over and done with: a stop or a new
   * utterance later than that is not theirs. (Default: 2.)
   */
  staleAfterSeconds?: number;
}

/**
 * Finds the interruptions of a call from who speaks when.
 *
 * Feed it events in the order in which they arrive, each with the instant at which it *happened* (a provider reports
 * silence after the fact: pass the silence). Each method returns the interruption that this event made certain, or
 * undefined; an overlap yields one interruption at most. There are no timers: what is open is decided by the next event
 * or by {@link settle}. Events that make no sense in the present state change nothing; no method throws.
 *
 * | kind | certain when |
 * |---|---|
 * | `barge_in` | the user spoke over the agent, the agent was silenced, and it does not come back: a user turn is committed, a new reply begins, or `settle` |
 * | `false_interruption` | the silenced agent goes on with the same reply (`agentResumed`), and no user turn was committed |
 * | `agent_over_user` | the user's speech ends after the agent's began, or the agent is silenced while the user still speaks |
 * | `backchannel` | the user spoke over the agent and fell silent, the agent went on, and what follows is not a user turn |
 *
 * Words that are committed as a turn while the agent is left to finish are none of these.
 *
 * @example
 * ```ts
 * tracker.agentSpeechStarted(1_000_000);
 * tracker.userSpeechStarted(3_000_000);
 * tracker.agentStopped(3_240_000); // undefined: it may still go on
 * tracker.userCommitted(4_000_000); // { kind: 'barge_in', atUs: 3_000_000, timeToSilenceSeconds: 0.24 }
 * ```
 */
export class InterruptionTracker {
  readonly #staleAfterUs: Micros;
  readonly #tally = new InterruptionTally();
  /** Since when the user speaks; undefined: silent. */
  #userSinceUs: Micros | undefined;
  /** Since when the agent's reply is heard, even if it is silenced now; undefined: no reply. */
  #agentSinceUs: Micros | undefined;
  #overlap: Overlap = NONE;

  constructor({ staleAfterSeconds = 2 }: InterruptionTrackerOptions = {}) {
    this.#staleAfterUs = staleAfterSeconds * 1e6;
  }

  /** The user began to speak. A second start without an end means that the end was missed. */
  userSpeechStarted(atUs: Micros): Interruption | undefined {
    if (!Number.isFinite(atUs)) return undefined;
    this.#userSinceUs = atUs;
    const overlap = this.#overlap;
    const agentSinceUs = this.#agentSinceUs;
    switch (overlap.is) {
      case 'stopped':
        // Reported late: the speech that silenced the agent.
        if (overlap.userAtUs === undefined && agentSinceUs !== undefined)
          if (atUs >= agentSinceUs && atUs <= overlap.stoppedUs)
            this.#overlap = { ...overlap, userAtUs: atUs };
        return undefined;
      case 'stopped_decided':
        return undefined;
      case 'user_began':
        if (this.#isOver(overlap, atUs)) {
          this.#overlap = { is: 'user_began', atUs, committed: false };
          return this.#close(overlap);
        }
        this.#overlap = { is: 'user_began', atUs: overlap.atUs, committed: overlap.committed };
        return undefined;
      case 'heard_out':
      case 'agent_began':
      case 'none':
        if (agentSinceUs === undefined) this.#overlap = NONE;
        else if (atUs >= agentSinceUs) this.#overlap = { is: 'user_began', atUs, committed: false };
        else this.#overlap = { is: 'agent_began', atUs: agentSinceUs };
        return this.#close(overlap);
      default:
        return overlap satisfies never;
    }
  }

  /** The user fell silent. */
  userSpeechEnded(atUs: Micros): Interruption | undefined {
    if (!Number.isFinite(atUs) || this.#userSinceUs === undefined) return undefined;
    this.#userSinceUs = undefined;
    const overlap = this.#overlap;
    switch (overlap.is) {
      case 'agent_began':
        this.#overlap = NONE;
        if (atUs <= overlap.atUs) return undefined;
        return this.#decide('agent_over_user', overlap.atUs, overlap.agentEndedUs);
      case 'user_began':
        this.#overlap = { ...overlap, userEndedUs: Math.max(atUs, overlap.atUs) };
        return undefined;
      case 'heard_out':
        // Still speaking when the agent had finished: the beginning of the next turn, not a backchannel.
        this.#overlap = atUs <= overlap.agentEndedUs ? { ...overlap, userEnded: true } : NONE;
        return undefined;
      default:
        return undefined;
    }
  }

  /** What the user said was accepted as a turn. The user counts as silent from here. */
  userCommitted(atUs: Micros): Interruption | undefined {
    if (!Number.isFinite(atUs)) return undefined;
    this.#userSinceUs = undefined;
    const overlap = this.#overlap;
    switch (overlap.is) {
      case 'stopped':
        if (atUs < (overlap.userAtUs ?? overlap.stoppedUs)) return undefined;
        this.#overlap = { is: 'stopped_decided' };
        return this.#close(overlap);
      case 'user_began':
        if (atUs < overlap.atUs) return undefined;
        this.#overlap = { ...overlap, userEndedUs: overlap.userEndedUs ?? atUs, committed: true };
        return undefined;
      case 'heard_out':
      case 'agent_began':
        // agent_began: the end of the user's speech was never told, so whether they overlapped is unknown.
        this.#overlap = NONE;
        return undefined;
      default:
        return undefined;
    }
  }

  /** The agent became audible with a new reply. Ignored while it is audible already. */
  agentSpeechStarted(atUs: Micros): Interruption | undefined {
    if (!Number.isFinite(atUs) || (this.#agentSinceUs !== undefined && !this.#isStopped())) return undefined;
    const overlap = this.#overlap;
    this.#agentSinceUs = atUs;
    const userSinceUs = this.#userSinceUs;
    if (userSinceUs === undefined) this.#overlap = NONE;
    else if (atUs > userSinceUs) this.#overlap = { is: 'agent_began', atUs };
    else this.#overlap = { is: 'user_began', atUs: userSinceUs, committed: false };
    return this.#close(overlap);
  }

  /**
   * The agent finished its reply. Ignored after {@link agentStopped}: transports also report the end of audio that
   * they threw away.
   */
  agentSpeechEnded(atUs: Micros): Interruption | undefined {
    if (!Number.isFinite(atUs) || this.#agentSinceUs === undefined || this.#isStopped()) return undefined;
    this.#agentSinceUs = undefined;
    const overlap = this.#overlap;
    this.#overlap = NONE;
    if (overlap.is === 'agent_began') this.#overlap = { ...overlap, agentEndedUs: atUs };
    else if (overlap.is === 'user_began' && !overlap.committed) {
      const { atUs: startedUs, userEndedUs } = overlap;
      if (atUs >= (userEndedUs ?? startedUs))
        this.#overlap = {
          is: 'heard_out',
          atUs: startedUs,
          agentEndedUs: atUs,
          userEnded: userEndedUs !== undefined,
        };
    }
    return undefined;
  }

  /** The agent was silenced in mid-reply: its audio was cleared, cancelled or paused. */
  agentStopped(atUs: Micros): Interruption | undefined {
    if (!Number.isFinite(atUs) || this.#agentSinceUs === undefined || this.#isStopped()) return undefined;
    const overlap = this.#overlap;
    this.#overlap = { is: 'stopped', stoppedUs: atUs };
    if (overlap.is === 'agent_began') {
      this.#overlap = { is: 'stopped_decided' };
      return this.#decide('agent_over_user', overlap.atUs, atUs);
    }
    if (overlap.is !== 'user_began' || atUs < overlap.atUs) return undefined;
    if (overlap.committed) {
      this.#overlap = { is: 'stopped_decided' };
      return this.#decide('barge_in', overlap.atUs, atUs);
    }
    if (this.#isOver(overlap, atUs)) return this.#close(overlap);
    this.#overlap = { is: 'stopped', stoppedUs: atUs, userAtUs: overlap.atUs };
    return undefined;
  }

  /** The silenced agent goes on with the same reply. If it was not silenced: as {@link agentSpeechStarted}. */
  agentResumed(atUs: Micros): Interruption | undefined {
    if (!this.#isStopped()) return this.agentSpeechStarted(atUs);
    if (!Number.isFinite(atUs)) return undefined;
    const overlap = this.#overlap;
    this.#agentSinceUs = atUs;
    this.#overlap = NONE;
    if (overlap.is !== 'stopped') return undefined;
    const { stoppedUs, userAtUs } = overlap;
    // Without a user heard, noise silenced the agent; when that noise began is not known.
    return userAtUs === undefined
      ? this.#decide('false_interruption', stoppedUs)
      : this.#decide('false_interruption', userAtUs, stoppedUs);
  }

  /**
   * Nothing more is coming that belongs to what is open: call it where a turn or the call is closed. An agent that was
   * silenced by the user and did not come back was interrupted; words that did not become a turn were a backchannel;
   * what is uncertain is dropped.
   */
  settle(): Interruption | undefined {
    const overlap = this.#overlap;
    this.#overlap = this.#isStopped() ? { is: 'stopped_decided' } : NONE;
    return this.#close(overlap);
  }

  /** Counts and rate so far. `turnCount`: turns of the call so far, which only the caller knows. */
  metrics(turnCount: number): InterruptionMetrics {
    return this.#tally.metrics(turnCount);
  }

  /** What an overlap comes to when nothing more will be heard of it. */
  #close(overlap: Overlap): Interruption | undefined {
    switch (overlap.is) {
      case 'stopped':
        if (overlap.userAtUs === undefined) return undefined;
        return this.#decide('barge_in', overlap.userAtUs, overlap.stoppedUs);
      case 'heard_out':
        return overlap.userEnded ? this.#decide('backchannel', overlap.atUs) : undefined;
      case 'user_began':
        if (overlap.committed || overlap.userEndedUs === undefined) return undefined;
        return this.#decide('backchannel', overlap.atUs);
      default:
        return undefined;
    }
  }

  #isStopped(): boolean {
    return this.#overlap.is === 'stopped' || this.#overlap.is === 'stopped_decided';
  }

  #isOver(overlap: { userEndedUs?: Micros }, atUs: Micros): boolean {
    return overlap.userEndedUs !== undefined && atUs - overlap.userEndedUs >= this.#staleAfterUs;
  }

  #decide(kind: InterruptionKind, atUs: Micros, silentUs?: Micros): Interruption {
    const interruption: Interruption = { kind, atUs };
    if (silentUs !== undefined && silentUs >= atUs)
      interruption.timeToSilenceSeconds = (silentUs - atUs) / 1e6;
    this.#tally.add(interruption);
    return interruption;
  }
}

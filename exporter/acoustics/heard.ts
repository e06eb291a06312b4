import { echoOf } from './echo.ts';
import { Levels } from './levels.ts';
import { type Activity, voiceActivity } from './voice-activity.ts';

/** What is heard in a recording, left the caller and right the agent. */
export interface Heard {
  readonly seconds: number;
  readonly caller: Activity;
  readonly agent: Activity;
  /** Both sides have the same sound: they cannot be told apart. */
  readonly isSame?: boolean;
}

/** Of a recording with one sound on both sides, so few moments differ: where a codec has rounded. */
const MOST_APART = 0.02;
const SAME_LEVELS = 4;

/** Hears a recording as its samples come. Holds two bytes for each 2.5 ms of it. */
export class Listener {
  readonly #caller: Levels;
  readonly #agent: Levels;

  /** @param rate - samples a second */
  constructor(rate: number) {
    this.#caller = new Levels(rate);
    this.#agent = new Levels(rate);
  }

  push(caller: Float32Array, agent: Float32Array): void {
    this.#caller.push(caller);
    this.#agent.push(agent);
  }

  get seconds(): number {
    return this.#caller.seconds;
  }

  /** What was heard in all of it. */
  heard(): Heard {
    const [caller, agent] = [this.#caller.levels, this.#agent.levels];
    return {
      seconds: this.seconds,
      // The agent's side comes from a machine, and has no echo.
      caller: voiceActivity(caller, echoOf(caller, agent)),
      agent: voiceActivity(agent),
      ...(isSame(caller, agent) && { isSame: true }),
    };
  }
}

function isSame(caller: Uint8Array, agent: Uint8Array): boolean {
  let [apart, sounding] = [0, 0];
  for (const [index, level] of caller.entries()) {
    const other = agent[index] ?? 0;
    if (level === 0 && other === 0) continue;
    sounding += 1;
    if (Math.abs(level - other) > SAME_LEVELS) apart += 1;
  }
  return sounding > 0 && apart <= sounding * MOST_APART;
}

import type { Agent, Version } from './cast.ts';
import { chanceOf } from './chance.ts';
import type { SimulatedTurn } from './conversation.ts';
import { silenceOf } from './silence.ts';
import { type SimulatedCall, simulateCall } from './weeks.ts';

/** What a version of an agent comes to over so many calls that chance hardly matters. */
export interface VersionTruth {
  /** From the end of what the user said to the agent's first sound, in seconds. */
  readonly silence: { readonly p50: number; readonly p95: number; readonly mean: number };
  /** Interruptions by turns. */
  readonly interruptionRate: number;
  /** Times the agent took the user to be finished and was wrong, by its commits. */
  readonly cutOffRate: number;
  /** SUCCESS by calls whose outcome is known. */
  readonly successRate: number;
}

/** What is really different between the versions of an agent. */
export interface AgentTruth {
  readonly agent: string;
  readonly versions: readonly [a: string, b: string];
  /** In words: what was changed. */
  readonly changes: readonly string[];
  readonly a: VersionTruth;
  readonly b: VersionTruth;
}

export function truthOf(agent: Agent, calls = 3_000): AgentTruth {
  const [a, b] = agent.versions;
  return {
    agent: agent.name,
    versions: [a.version, b.version],
    changes: changesOf(a, b),
    a: versionTruth(agent, a, calls),
    b: versionTruth(agent, b, calls),
  };
}

function versionTruth(agent: Agent, version: Version, count: number): VersionTruth {
  const silences: number[] = [];
  // Of each call no more is kept than what is said of all.
  let [turns, interrupted, commits, wrong, known, successes] = [0, 0, 0, 0, 0, 0];
  for (let number = 0; number < count; number += 1) {
    const call = simulateCall(agent, version, chanceOf(number, 'truth'));
    for (const turn of call.turns) {
      const silence = silenceOf(turn);
      if (silence !== undefined) silences.push(silence.seconds);
      turns += 1;
      if (turn.interruptions.some(({ kind }) => kind === 'barge_in')) interrupted += 1;
      commits += turn.commits.length;
      wrong += turn.commits.filter((_, index) => isWrong(turn, index)).length;
    }
    if (call.outcome !== undefined) known += 1;
    if (call.outcome === 'SUCCESS') successes += 1;
  }
  const ascending = Float64Array.from(silences).sort();
  const at = (fraction: number) => ascending[Math.floor(fraction * ascending.length)] ?? Number.NaN;
  const sum = ascending.reduce((total, seconds) => total + seconds, 0);
  return {
    silence: { p50: at(0.5), p95: at(0.95), mean: sum / ascending.length },
    interruptionRate: interrupted / turns,
    cutOffRate: wrong / commits,
    successRate: successes / known,
  };
}

const isWrong = ({ commits, goesOn }: SimulatedTurn, index: number): boolean =>
  goesOn || index < commits.length - 1;

const ms = (seconds: number): string => `${Math.round(seconds * 1_000)} ms`;

function changesOf(a: Version, b: Version): string[] {
  const change = <T>(what: string, of: (version: Version) => T, show: (value: T) => string): string[] =>
    of(a) === of(b) ? [] : [`${what} ${show(of(a))} → ${show(of(b))}`];
  const model = ({ provider, model }: SimulatedCall['version']['llm' | 'tts' | 'stt']) =>
    `${provider} ${model}`;
  return [
    ...change('endpointing', ({ endpointingSeconds }) => endpointingSeconds, ms),
    ...change('own code before the request', ({ preparationSeconds }) => preparationSeconds, ms),
    ...(['stt', 'llm', 'tts'] as const).flatMap((stage) => change(stage, (version) => version[stage], model)),
    ...change(
      'success',
      ({ successRate }) => successRate,
      (rate) => `${Math.round(rate * 100)} %`,
    ),
  ];
}

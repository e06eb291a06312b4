import type { InterruptionKind } from '../../model/vocabulary.ts';
import { type Agent, type Language, PAUSES, type Version } from './cast.ts';
import type { Chance, Delay } from './chance.ts';
import { endOf, replyOf, type SimulatedStage, spokenFrom, stoppedAt } from './reply.ts';

/** Seconds since the call began. */
export interface Stretch {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** One exchange as it really was. Instants are seconds since the call began. */
export interface SimulatedTurn {
  readonly initiator: 'user' | 'agent';
  readonly startedAt: number;
  readonly endedAt: number;
  /** When the user's voice was there; between them the user paused and went on. */
  readonly stretches: readonly Stretch[];
  /** When the agent took the user to be finished. All but the last were wrong; the last was too, where `goesOn`. */
  readonly commits: readonly number[];
  /** The user went on after the last commit, over the answer: the next turn is the rest of what was said. */
  readonly goesOn: boolean;
  readonly stages: readonly SimulatedStage[];
  readonly interruptions: readonly { kind: InterruptionKind; at: number; timeToSilence?: number }[];
  readonly cutOffBy?: 'hangup';
  /** When the agent was heard first. Absent: it was not. */
  readonly heardAt?: number;
  /** -1 to 1; of what the user said. */
  readonly sentiment?: number;
}

const STRETCH: Delay = { medianSeconds: 1.5, sigma: 0.45 };
const THOUGHT: Delay = { medianSeconds: 0.7, sigma: 0.5 };
const TIME_TO_SILENCE: Delay = { medianSeconds: 0.25, sigma: 0.35 };
/** A person who pauses longer has finished. */
const LONGEST_PAUSE = 1.8;
const TOKENS_PER_TURN = 95;
const GREETING_CHARACTERS = 75;
const BACKCHANNEL_RATE = 0.04;
const FALSE_INTERRUPTION_RATE = 0.015;
const HANG_UP_RATE = 0.04;

interface Utterance {
  /** Seconds of voice, and the pauses between them: one less. */
  readonly voices: readonly number[];
  readonly pauses: readonly number[];
}

/** The turns of a call that a person answered. */
export function converse(
  agent: Agent,
  version: Version,
  language: Language,
  chance: Chance,
): SimulatedTurn[] {
  const turns = [greeting(version, chance)];
  const exchanges = 1 + chance.count(agent.turns - 1);
  let startedAt = endOf(turns) + chance.seconds(THOUGHT);
  let left: Utterance | undefined;
  for (let done = 0; done < exchanges; ) {
    const utterance: Utterance = left ?? utter(language, chance);
    const promptTokens = agent.promptTokens + TOKENS_PER_TURN * (turns.length - 1);
    const turn = exchange(agent, version, chance, { startedAt, utterance, promptTokens });
    turns.push(turn.turn);
    left = turn.left;
    startedAt = turn.nextAt;
    if (left === undefined) done += 1;
  }
  return withHangUp(turns, chance);
}

/** The agent says its words when the machine has said its own. */
export function leaveMessage(version: Version, chance: Chance): SimulatedTurn {
  const seconds = 2 + 4 * chance.share();
  const heard: SimulatedStage = {
    kind: 'stt',
    startedAt: 0.3,
    firstByteAt: 0.7,
    endedAt: 0.3 + seconds,
    by: version.stt,
    audioSeconds: seconds,
  };
  return openingTurn([heard, ...spokenFrom(version, chance, heard.endedAt + 0.5, GREETING_CHARACTERS, 0)]);
}

const greeting = (version: Version, chance: Chance): SimulatedTurn =>
  openingTurn(spokenFrom(version, chance, 0.3, GREETING_CHARACTERS, 0));

function openingTurn(stages: readonly SimulatedStage[]): SimulatedTurn {
  return {
    initiator: 'agent',
    startedAt: 0.3,
    endedAt: endOf(stages),
    stretches: [],
    commits: [],
    goesOn: false,
    stages,
    interruptions: [],
    ...heardIn(stages),
  };
}

function utter(language: Language, chance: Chance): Utterance {
  const { perUtterance, length } = PAUSES[language];
  const pauses = Array.from({ length: chance.count(perUtterance) }, () =>
    Math.min(chance.seconds(length), LONGEST_PAUSE),
  );
  return { voices: [...pauses, 0].map(() => chance.seconds(STRETCH)), pauses };
}

interface Exchange {
  turn: SimulatedTurn;
  /** What the user has still to say. */
  left: Utterance | undefined;
  /** When the user speaks next. */
  nextAt: number;
}

/** The user speaks, with pauses; the agent answers when it takes the user to be finished, rightly or not. */
function exchange(
  agent: Agent,
  version: Version,
  chance: Chance,
  { startedAt, utterance, promptTokens }: { startedAt: number; utterance: Utterance; promptTokens: number },
): Exchange {
  const { voices, pauses } = utterance;
  const stretches: Stretch[] = [];
  const commits: number[] = [];
  const stages: SimulatedStage[] = [];
  const turnOf = (
    reply: readonly SimulatedStage[],
    interruptions: SimulatedTurn['interruptions'] = [],
    goesOn = false,
  ): SimulatedTurn => ({
    initiator: 'user',
    startedAt,
    endedAt: endOf([...stages, ...reply]),
    stretches,
    commits,
    goesOn,
    stages: [...stages, ...reply],
    interruptions,
    ...heardIn(reply),
    sentiment: Math.max(-1, Math.min(1, 0.15 + 0.6 * (chance.share() + chance.share() - 1))),
  });

  let at = startedAt;
  for (const [index, seconds] of voices.entries()) {
    const endedAt = at + seconds;
    const transcribedAt = endedAt + chance.seconds(version.stt.finalTranscript);
    stretches.push({ startedAt: at, endedAt });
    stages.push({
      kind: 'stt',
      startedAt: at,
      firstByteAt: Math.min(at + 0.35, transcribedAt),
      endedAt: transcribedAt,
      by: version.stt,
      audioSeconds: seconds,
    });
    const committedAt = Math.max(endedAt + version.endpointingSeconds, transcribedAt);
    const pause = pauses[index];
    if (pause !== undefined && endedAt + pause <= committedAt) {
      at = endedAt + pause;
      continue;
    }
    commits.push(committedAt);
    const reply = replyOf(agent, version, chance, { committedAt, promptTokens });
    const { heardAt } = heardIn(reply);
    if (pause === undefined || heardAt === undefined) return answered(agent, chance, turnOf, reply);
    at = endedAt + pause;
    if (at >= heardAt) {
      const { timeToSilence, stopped } = bargeIn(reply, at, chance);
      const left = { voices: voices.slice(index + 1), pauses: pauses.slice(index + 1) };
      const interruptions = [{ kind: 'barge_in' as const, at, timeToSilence }];
      return { turn: turnOf(stopped, interruptions, true), left, nextAt: at };
    }
    stages.push(...stoppedAt(reply, at));
  }
  throw new RangeError('saw an utterance without a voice, expected one at least');
}

/** The user was finished. Now and then the user talks over the answer all the same. */
function answered(
  agent: Agent,
  chance: Chance,
  turnOf: (reply: readonly SimulatedStage[], interruptions?: SimulatedTurn['interruptions']) => SimulatedTurn,
  reply: readonly SimulatedStage[],
): Exchange {
  const playback = reply.at(-1);
  if (playback === undefined) throw new RangeError('saw a reply without stages, expected some');
  const { startedAt, endedAt } = playback;
  const within = startedAt + (0.15 + 0.7 * chance.share()) * (endedAt - startedAt);
  if (chance.whether(agent.bargeInRate)) {
    const { timeToSilence, stopped } = bargeIn(reply, within, chance);
    const turn = turnOf(stopped, [{ kind: 'barge_in', at: within, timeToSilence }]);
    return { turn, left: undefined, nextAt: within };
  }
  const nextAt = endedAt + chance.seconds(THOUGHT);
  if (chance.whether(BACKCHANNEL_RATE))
    return { turn: turnOf(reply, [{ kind: 'backchannel', at: within }]), left: undefined, nextAt };
  if (!chance.whether(FALSE_INTERRUPTION_RATE)) return { turn: turnOf(reply), left: undefined, nextAt };
  // A noise stops the agent; it goes on when nothing follows.
  const { timeToSilence, stopped } = bargeIn(reply, within, chance);
  const resumedAt = within + timeToSilence + 1;
  const rest = { ...playback, startedAt: resumedAt, endedAt: resumedAt + (endedAt - within) };
  const turn = turnOf([...stopped, rest], [{ kind: 'false_interruption', at: within, timeToSilence }]);
  return { turn, left: undefined, nextAt: rest.endedAt + chance.seconds(THOUGHT) };
}

/** The user speaks over an answer: it is stopped a little later. */
function bargeIn(reply: readonly SimulatedStage[], at: number, chance: Chance) {
  const timeToSilence = Math.max(0, Math.min(chance.seconds(TIME_TO_SILENCE), endOf(reply) - at));
  return { timeToSilence, stopped: stoppedAt(reply, at + timeToSilence) };
}

function heardIn(stages: readonly SimulatedStage[]): { heardAt?: number } {
  const heardAt = stages.find(({ kind }) => kind === 'playback')?.startedAt;
  return heardAt === undefined ? {} : { heardAt };
}

/** Some have heard enough before the last answer is over. */
function withHangUp(turns: readonly SimulatedTurn[], chance: Chance): SimulatedTurn[] {
  const last = turns.at(-1);
  if (last?.heardAt === undefined || last.interruptions.length > 0 || !chance.whether(HANG_UP_RATE))
    return [...turns];
  const at = last.heardAt + (last.endedAt - last.heardAt) * (0.5 + 0.4 * chance.share());
  const stages = stoppedAt(last.stages, at);
  return [...turns.slice(0, -1), { ...last, endedAt: endOf(stages), stages, cutOffBy: 'hangup' }];
}

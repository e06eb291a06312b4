import type { StageKind } from '../../model/vocabulary.ts';
import type { Agent, ModelName, Version } from './cast.ts';
import type { Chance, Delay } from './chance.ts';

/** One stage of a simulated turn. Instants are seconds since the call began. */
export interface SimulatedStage {
  readonly kind: StageKind;
  readonly startedAt: number;
  readonly firstByteAt?: number;
  readonly endedAt: number;
  readonly by?: ModelName;
  readonly inputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly outputTokens?: number;
  readonly characters?: number;
  readonly audioSeconds?: number;
  /** Ended early on purpose; its usage is an estimate. */
  readonly cancelled?: boolean;
  readonly errorType?: string;
  readonly finishReason?: string;
  readonly toolName?: string;
}

const CHARACTERS_PER_TOKEN = 4;
const CHARACTERS_PER_SECOND = 15;
/** Synthesis is so much faster than speech. */
const SYNTHESIS_SPEED = 5;
const TOOL: Delay = { medianSeconds: 0.35, sigma: 0.6 };
/** Own code takes a little more each time, so that a shorter preparation shifts the silence by what it is shorter. */
const OWN_CODE: Delay = { medianSeconds: 0.008, sigma: 0.6 };
/** From the first audio to the caller's ear. */
const PLAYOUT: Delay = { medianSeconds: 0.05, sigma: 0.4 };
const FIRST_SENTENCE_TOKENS = 9;
const CACHED_FROM_TOKENS = 1_024;
const CACHED_BY_TOKENS = 128;

/** What an agent does after a commit, if no one stops it: its stages, in order. */
export function replyOf(
  agent: Agent,
  version: Version,
  chance: Chance,
  { committedAt, promptTokens }: { committedAt: number; promptTokens: number },
): SimulatedStage[] {
  const { preparationSeconds } = version;
  const stages: SimulatedStage[] = [];
  let at = committedAt + preparationSeconds + chance.seconds(OWN_CODE);
  if (chance.whether(agent.errorRate)) {
    stages.push({ ...failedRequest(version), startedAt: at, endedAt: at + 0.8 });
    at += 0.85;
  }
  if (chance.whether(agent.toolRate)) {
    const asked = request(version, chance, at, promptTokens, 22, 'tool_calls');
    const filler = agent.filler ? spokenFrom(version, chance, asked.endedAt, 24, 0) : [];
    const toolAt = asked.endedAt + 0.005;
    const toolEndedAt = toolAt + chance.seconds(TOOL);
    stages.push(asked, ...filler, {
      kind: 'tool',
      startedAt: toolAt,
      endedAt: toolEndedAt,
      toolName: agent.tool,
    });
    at = toolEndedAt + 0.005;
    promptTokens += 60;
  }
  const answer = request(version, chance, at, promptTokens, 18 + chance.count(28), 'stop');
  const { firstByteAt = at, outputTokens = 0 } = answer;
  const sentenceAt =
    firstByteAt + Math.min(FIRST_SENTENCE_TOKENS, outputTokens) / version.llm.tokensPerSecond;
  const freeAt = endOf(stages.filter(({ kind }) => kind === 'playback'));
  return [
    ...stages,
    answer,
    ...spokenFrom(version, chance, sentenceAt, outputTokens * CHARACTERS_PER_TOKEN, freeAt),
  ];
}

/** Words of the application's own. */
export const spokenFrom = (
  { tts }: Version,
  chance: Chance,
  startedAt: number,
  characters: number,
  /** When what was said before is over. */
  freeAt: number,
): SimulatedStage[] => {
  const audioSeconds = characters / CHARACTERS_PER_SECOND;
  const firstByteAt = startedAt + chance.seconds(tts.firstAudio);
  const playedAt = Math.max(firstByteAt + chance.seconds(PLAYOUT), freeAt);
  return [
    {
      kind: 'tts',
      startedAt,
      firstByteAt,
      endedAt: firstByteAt + audioSeconds / SYNTHESIS_SPEED,
      by: tts,
      characters,
      audioSeconds,
    },
    { kind: 'playback', startedAt: playedAt, endedAt: playedAt + audioSeconds },
  ];
};

/** When the last of them is over. */
export const endOf = (stages: readonly Pick<SimulatedStage, 'endedAt'>[]): number =>
  stages.reduce((last, { endedAt }) => Math.max(last, endedAt), 0);

/** The stages as they are when all of it is stopped at an instant. */
export const stoppedAt = (stages: readonly SimulatedStage[], at: number): SimulatedStage[] =>
  stages
    .filter(({ startedAt }) => startedAt < at)
    .map((stage) => {
      if (stage.endedAt <= at) return stage;
      if (stage.errorType !== undefined) return { ...stage, endedAt: at };
      const { firstByteAt, outputTokens, finishReason: _, ...rest } = stage;
      const isUnderWay = firstByteAt !== undefined && firstByteAt <= at;
      const part = isUnderWay ? (at - firstByteAt) / (stage.endedAt - firstByteAt) : 0;
      return {
        ...rest,
        endedAt: at,
        cancelled: true,
        ...(isUnderWay && { firstByteAt }),
        ...(outputTokens !== undefined && { outputTokens: Math.ceil(outputTokens * part) }),
      };
    });

const failedRequest = ({ llm }: Version) =>
  ({ kind: 'llm', by: llm, errorType: 'RateLimitError' }) as const satisfies Partial<SimulatedStage>;

function request(
  { llm }: Version,
  chance: Chance,
  startedAt: number,
  inputTokens: number,
  outputTokens: number,
  finishReason: string,
): SimulatedStage {
  const { firstToken, secondsPerThousandTokens, tokensPerSecond } = llm;
  const medianSeconds = firstToken.medianSeconds + (secondsPerThousandTokens * inputTokens) / 1_000;
  const firstByteAt = startedAt + chance.seconds({ ...firstToken, medianSeconds });
  const isCached = llm.caches === true && inputTokens >= CACHED_FROM_TOKENS;
  return {
    kind: 'llm',
    startedAt,
    firstByteAt,
    endedAt: firstByteAt + outputTokens / tokensPerSecond,
    by: llm,
    inputTokens,
    ...(isCached && {
      cachedInputTokens: Math.floor((inputTokens - 120) / CACHED_BY_TOKENS) * CACHED_BY_TOKENS,
    }),
    outputTokens,
    finishReason,
  };
}

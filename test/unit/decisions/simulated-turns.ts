import type { Measurement } from '../../../exporter/decisions/measured.ts';
import type { TurnCase } from '../../../exporter/decisions/turn-cases.ts';
import type { Random } from '../../../exporter/statistics/random.ts';

/** A language model as it really is. */
export interface TrueModel {
  readonly medianMs: number;
  readonly sigma: number;
  readonly msPerThousandTokens: number;
  readonly tokensPerSecond: number;
}

export const SLOW: TrueModel = { medianMs: 460, sigma: 0.5, msPerThousandTokens: 60, tokensPerSecond: 80 };
export const FAST: TrueModel = { medianMs: 260, sigma: 0.4, msPerThousandTokens: 40, tokensPerSecond: 120 };

export const normal = ({ share }: Random): number =>
  Math.sqrt(-2 * Math.log(1 - share())) * Math.cos(2 * Math.PI * share());

const lognormal = (random: Random, median: number, sigma: number): number =>
  Math.round(1_000 * median * Math.exp(sigma * normal(random)));

/** One call with a model, and what it shows: turns, some with a tool, some asked ahead of the commit. */
export function simulateCall(
  model: TrueModel,
  call: string,
  random: Random,
): { turns: TurnCase[]; measurements: Measurement[] } {
  const turns: TurnCase[] = [];
  const measurements: Measurement[] = [];
  // Some callers' networks are slow.
  const network = lognormal(random, 60, 0.5);
  const count = 2 + random.below(7);
  for (let index = 0; index < count; index += 1) {
    const inputTokens = 500 + 250 * index + random.below(200);
    const firstByte = (tokens: number) =>
      lognormal(random, model.medianMs + (model.msPerThousandTokens * tokens) / 1_000, model.sigma);
    const committed = 300_000 + random.below(30_000);
    const isAhead = random.share() < 0.15;
    const hasTool = !isAhead && random.share() < 0.25;
    const tool = { inputTokens, firstByte: firstByte(inputTokens) };
    const toolTime = lognormal(random, 350, 0.6);
    const llmStarted = isAhead
      ? 100_000
      : committed + lognormal(random, 15, 0.5) + (hasTool ? tool.firstByte + toolTime : 0);
    const request = { inputTokens, firstByte: firstByte(inputTokens) };
    const llmFirstByte = llmStarted + request.firstByte;
    const aggregation = Math.round((1e6 * 9) / model.tokensPerSecond);
    const ttsStarted = Math.max(llmFirstByte + aggregation, committed);
    const ttsFirstByte = ttsStarted + lognormal(random, 110, 0.3);
    const playback = ttsFirstByte + network;
    turns.push({
      schedule: { committed, llmStarted, llmFirstByte, ttsStarted, ttsFirstByte, playback },
      request,
      earlier: hasTool ? [tool] : [],
      isSynthesised: false,
    });
    measurements.push({
      call,
      ...request,
      ...(llmFirstByte >= committed && { aggregation }),
    });
  }
  return { turns, measurements };
}

import type { CallFact, Fact, ModelUsage, StageFact, Usage } from '../../model/facts.ts';

/**
 * What the report says that models used beyond what the spans say, as stages of the call: transcription, of which no span has
 * figures, and requests whose spans were lost.
 */
export function usageOfModels(
  report: Fact,
  models: readonly ModelUsage[],
  facts: readonly Fact[],
): StageFact[] {
  if (report.type !== 'call') return [];
  const stages = facts.filter((fact) => fact.type === 'stage');
  return models.flatMap((used, index) => {
    const told = stages.filter(({ stage }) => stage === used.stage);
    // Under other names than the report's: what of it they tell is not known.
    if (told.some((stage) => stage.usage !== undefined && !models.some((each) => isOf(stage, each))))
      return [];
    const usage = rest(
      used.usage,
      told.filter((stage) => isOf(stage, used)),
    );
    return usage === undefined ? [] : [stageOf(report, used, usage, index)];
  });
}

const isOf = (
  { stage, provider, model, requestedModel }: StageFact,
  used: Pick<ModelUsage, 'stage' | 'provider' | 'model'>,
): boolean =>
  stage === used.stage &&
  provider === used.provider &&
  (model === used.model || requestedModel === used.model);

type Quantity = Exclude<keyof Usage, 'estimated'>;

/** What is used beyond what is told; undefined where that is nothing. */
function rest(used: Usage | undefined, told: readonly StageFact[]): Usage | undefined {
  if (used === undefined) return undefined;
  const left: Usage = {};
  for (const name of Object.keys(used) as Quantity[]) {
    const sum = told.reduce((total, { usage }) => total + (usage?.[name] ?? 0), 0);
    const value = Math.round(((used[name] ?? 0) - sum) * 1e6) / 1e6;
    if (value > 0) left[name] = value;
  }
  const isMore =
    (left.inputTokens ?? left.outputTokens ?? left.characters ?? left.audioSeconds) !== undefined;
  return isMore ? left : undefined;
}

/** Of the whole call, and of no turn: which one it belongs to is not known. */
function stageOf(report: CallFact, used: ModelUsage, usage: Usage, index: number): StageFact {
  const { tenant, traceId, spanId, callId, name, startUs, endUs } = report;
  const { stage, provider, model } = used;
  return {
    ...(tenant !== undefined && { tenant }),
    ...{ traceId, spanId: `${spanId}/${index}`, callId, name, startUs, endUs },
    type: 'stage',
    stage,
    endUnknown: true,
    reported: true,
    usage,
    ...(stage === 'stt' && { streaming: true }),
    ...(provider !== undefined && { provider }),
    ...(model !== undefined && { model }),
  };
}

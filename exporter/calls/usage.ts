import type { StageFact } from '../../model/facts.ts';
import type { UsageColumn } from '../../model/rows.ts';
import { type QuantityName, USAGE_SUMS } from '../../model/usage.ts';
import type { StageKind } from '../../model/vocabulary.ts';

/** Usage columns, the same for a turn and for a call. */
type UsageColumns = Record<UsageColumn, number | null>;

/** Sums over all stages, cancelled ones too: they were used. Null where no stage has the number. */
export function usageOf(stages: readonly StageFact[]): UsageColumns {
  return Object.fromEntries(
    USAGE_SUMS.map(({ column, stage, quantity }) => [column, total(stages, stage, quantity)]),
  ) as UsageColumns;
}

/** True when some usage is an estimate, false when all was reported, null without usage. */
export function usageEstimated(stages: readonly StageFact[]): boolean | null {
  const used = stages.filter(({ usage }) => usage !== undefined);
  return used.length === 0 ? null : used.some(({ usage }) => usage?.estimated === true);
}

function total(stages: readonly StageFact[], kind: StageKind, quantity: QuantityName): number | null {
  let sum: number | null = null;
  for (const { stage, usage } of stages) {
    const value = stage === kind ? usage?.[quantity] : undefined;
    // A bad number is an unknown one; it must not spoil the others.
    if (value !== undefined && Number.isFinite(value) && value >= 0) sum = (sum ?? 0) + value;
  }
  // Seconds of audio are kept to the microsecond, so that 0.1 + 0.2 is 0.3. Counts are whole anyway.
  return sum === null ? null : Math.round(sum * 1e6) / 1e6;
}

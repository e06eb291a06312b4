import type { StageFact } from '../../model/facts.ts';
import { groupBy } from '../../model/group-by.ts';
import type { UsageColumn } from '../../model/rows.ts';
import { USAGE_SUMS } from '../../model/usage.ts';

/** Usage columns, the same for a turn and for a call. */
type UsageColumns = Record<UsageColumn, number | null>;

/** No column known. */
const NO_USAGE = Object.fromEntries(USAGE_SUMS.map(({ column }) => [column, null])) as UsageColumns;
/** The columns that stages of each kind add to. */
const SUMS_OF = groupBy(USAGE_SUMS, ({ stage }) => stage);

/** Sums over all stages, cancelled ones too: they were used. Null where no stage has the number. */
export function usageOf(stages: readonly StageFact[]): UsageColumns {
  const sums = { ...NO_USAGE };
  for (const { stage, usage } of stages) {
    if (usage === undefined) continue;
    for (const { column, quantity } of SUMS_OF.get(stage) ?? []) {
      const value = usage[quantity];
      // A bad number is an unknown one; it must not spoil the others.
      if (value !== undefined && Number.isFinite(value) && value >= 0)
        sums[column] = (sums[column] ?? 0) + value;
    }
  }
  // Seconds of audio are kept to the microsecond, so that 0.1 + 0.2 is 0.3. Counts are whole anyway.
  for (const { column } of USAGE_SUMS) {
    const sum = sums[column];
    if (sum !== null) sums[column] = Math.round(sum * 1e6) / 1e6;
  }
  return sums;
}

/** True when some usage is an estimate, false when all was reported, null without usage. */
export function usageEstimated(stages: readonly StageFact[]): boolean | null {
  const used = stages.filter(({ usage }) => usage !== undefined);
  return used.length === 0 ? null : used.some(({ usage }) => usage?.estimated === true);
}

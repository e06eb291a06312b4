import { COST_PARTS } from '../../../model/vocabulary.ts';
import type { CallRow } from '../../shared/api.ts';
import { showMoney } from '../../shared/format.ts';

/** What a call's cost is made of, as shares of it. */
export function CostBar({ call, width }: { call: CallRow; width: number }) {
  const costs = COST_PARTS.map((name) => ({ name, cost: Number(call[`cost_${name}`] ?? 0) }));
  const total = costs.reduce((sum, { cost }) => sum + cost, 0);
  if (total === 0) return null;
  let x = 0;
  const label = costs
    .filter(({ cost }) => cost > 0)
    .map(({ name, cost }) => `${name} ${showMoney(cost)}`)
    .join(', ');
  return (
    <svg class="cost-bar" width={width} height={8} role="img" aria-label={label}>
      <title>{label}</title>
      {costs.map(({ name, cost }) => {
        const wide = (cost / total) * width;
        const from = x;
        x += wide;
        return wide < 0.5 ? null : (
          <rect
            key={name}
            class={`fill-cost-${name}`}
            x={from}
            width={Math.max(1, wide - 1)}
            height={8}
            rx={1.5}
          />
        );
      })}
    </svg>
  );
}

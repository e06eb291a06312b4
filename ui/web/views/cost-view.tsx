import { COST_PARTS } from '../../../model/vocabulary.ts';
import type { SpendingPart, SpendingView, TotalsAnswer } from '../../shared/api.ts';
import { shareOf, showCount, showCountOf, showMoney, showMoneyMark, showShare } from '../../shared/format.ts';
import { filtersOf, keepingFilters, withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { query } from '../app/location.ts';
import { ChartCard } from '../charts/chart-card.tsx';
import { Ranking } from '../charts/ranking.tsx';
import { StackedBars } from '../charts/stacked-bars.tsx';
import { stretchText } from '../charts/time-axis.tsx';
import { Tile, Tiles } from '../parts/tiles.tsx';
import { View } from '../parts/view.tsx';
import { callsBetween } from './stretch.ts';

/** What calls cost: over time, by component, agent, campaign and model, and what could not be priced. */
export function CostView() {
  const filters = filtersOf(query.value);
  const { data, error } = useFetched<SpendingView>(`/api/cost?${filters}`);
  const totals = useFetched<TotalsAnswer>(`/api/totals?${filters}`).data;
  const isEmpty = data?.points.length === 0;
  return (
    <View name="Cost" error={error} isEmpty={isEmpty}>
      {data && totals && !isEmpty && (
        <>
          <CostTiles data={data} answer={totals} />
          <Charts data={data} answer={totals} />
        </>
      )}
    </View>
  );
}

const per = (total: string | null, count: number): number | undefined =>
  total === null || count === 0 ? undefined : Number(total) / count;

function CostTiles({ data, answer: { totals } }: { data: SpendingView; answer: TotalsAnswer }) {
  const minutes = totals.duration_seconds / 60;
  return (
    <Tiles>
      <Tile
        name="Spend"
        value={`${showMoney(totals.cost_total)}${totals.unpriced_calls > 0 ? '+' : ''}`}
        note={showCountOf(totals.calls, 'call')}
      />
      <Tile name="Per call" value={showMoney(per(totals.cost_total, totals.calls))} note="mean" />
      <Tile
        name="Per minute"
        value={showMoney(per(totals.cost_total, minutes))}
        note={showCountOf(minutes, 'minute')}
      />
      <Tile
        name="Per success"
        value={showMoney(per(data.judged_total, data.successes))}
        note={`${showCount(data.successes)} of ${showCount(data.judged_calls)} with an outcome`}
      />
      <Tile
        name="Not fully priced"
        value={showCount(totals.unpriced_calls)}
        note={`${showShare(shareOf(totals.unpriced_calls, totals.calls))} of calls: lower bounds`}
        kind={totals.unpriced_calls > 0 ? 'warn' : ''}
        href={withParameters('/calls', new URLSearchParams(keepingFilters('', query.value).slice(1)), {
          unpriced: '1',
        })}
      />
      <Tile name="Prices" value={<span class="small">list prices</span>} note="before discounts and taxes" />
    </Tiles>
  );
}

function Charts({ data, answer: { totals } }: { data: SpendingView; answer: TotalsAnswer }) {
  const { points, bucket_seconds: bucket, parts, every } = data;
  const sampled = every === 1 ? undefined : `from 1 call in ${every}`;
  // Rows of turns name the models, and usage outside of turns has no such row.
  const ofModels = ['sums of turns, without usage outside of them', sampled].filter(Boolean).join('; ');
  return (
    <div class="charts">
      <ChartCard title="Spend" class="wide" legend={<ComponentLegend />}>
        <StackedBars
          label="Cost by component over time"
          bucket={bucket}
          fill={(name) => `fill-cost-${name}`}
          show={showMoneyMark}
          href={({ at }) => callsBetween(at, at + bucket, { order: 'cost' })}
          stacks={points.map(({ at, calls, total, components }) => ({
            at,
            title: `${stretchText(at, bucket)}: ${showMoney(total)}, ${showCountOf(calls, 'call')}`,
            parts: COST_PARTS.map((name) => ({ name, value: Number(components[name] ?? 0) })),
          }))}
        />
      </ChartCard>
      <ChartCard title="By component" isChart={false}>
        <Ranking
          heads={['component', 'spend', 'cost', 'share', 'a call']}
          empty="Nothing is priced"
          rows={COST_PARTS.filter((name) => totals[`cost_${name}`] !== null).map((name) => ({
            key: name,
            name,
            value: Number(totals[`cost_${name}`]),
            bar: `bg-cost-${name}`,
            figures: [
              showMoney(totals[`cost_${name}`]),
              showShare(shareOf(Number(totals[`cost_${name}`]), Number(totals.cost_total))),
              showMoney(per(totals[`cost_${name}`], totals.calls)),
            ],
          }))}
        />
      </ChartCard>
      <ChartCard title="By model" isChart={false} note={ofModels}>
        <Parts parts={parts.filter(({ kind }) => kind === 'model')} filter="model" />
      </ChartCard>
      <ChartCard title="By agent" isChart={false}>
        <Parts parts={parts.filter(({ kind }) => kind === 'agent')} filter="agent" />
      </ChartCard>
      <ChartCard title="By campaign" isChart={false}>
        <Parts parts={parts.filter(({ kind }) => kind === 'campaign')} filter="campaign" />
      </ChartCard>
      <ChartCard
        title="No price, or no usage, is known for"
        isChart={false}
        class="wide"
        {...(sampled !== undefined && { note: sampled })}
      >
        <Ranking
          heads={['component:provider/model', 'share', 'calls']}
          empty="Everything is priced."
          rows={data.unpriced.map(({ name, calls }) => ({
            key: name,
            name,
            value: calls,
            bar: 'bg-bad',
            figures: [showCount(calls)],
          }))}
        />
        {data.unpriced.length > 0 && (
          <p class="dim small">
            Where a price is missing, add it in a file of your own and set EARSHOT_PRICES; earshot reprice
            then works out the calls again. Usage that was not reported stays unknown.
          </p>
        )}
      </ChartCard>
    </div>
  );
}

function Parts({ parts, filter }: { parts: readonly SpendingPart[]; filter: string }) {
  const isModel = filter === 'model';
  return (
    <Ranking
      heads={[filter, 'spend', 'cost', 'a call', ...(isModel ? [] : ['a minute']), 'calls']}
      empty="No call names one"
      rows={parts.map(({ component, name, calls, minutes, total }) => ({
        key: `${component} ${name}`,
        name: name ?? <span class="dim">none named</span>,
        value: Number(total ?? 0),
        bar: component === null ? 'bg-plain' : `bg-cost-${component}`,
        figures: [
          showMoney(total),
          showMoney(per(total, calls)),
          ...(isModel ? [] : [showMoney(per(total, minutes))]),
          showCount(calls),
        ],
        ...(name !== null && {
          href: withParameters('/cost', new URLSearchParams(keepingFilters('', query.value).slice(1)), {
            [filter]: name,
          }),
        }),
      }))}
    />
  );
}

function ComponentLegend() {
  return (
    <ul class="legend" aria-label="Colours">
      {COST_PARTS.map((name) => (
        <li key={name}>
          <i class={`swatch bg-cost-${name}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}

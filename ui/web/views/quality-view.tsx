import { OUTCOMES } from '../../../model/vocabulary.ts';
import type { QualityView as Answer, Counted, TotalsAnswer } from '../../shared/api.ts';
import { shareOf, showCount, showShare, showWord } from '../../shared/format.ts';
import { filtersOf, keepingFilters, withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { navigate, query } from '../app/location.ts';
import { ChartCard } from '../charts/chart-card.tsx';
import { Ranking } from '../charts/ranking.tsx';
import { StackedBars } from '../charts/stacked-bars.tsx';
import { stretchText } from '../charts/time-axis.tsx';
import { TimeChart } from '../charts/time-chart.tsx';
import { Tile, Tiles } from '../parts/tiles.tsx';
import { View } from '../parts/view.tsx';
import { callsBetween, zoomTo } from './stretch.ts';

const SHOWN: readonly string[] = [...OUTCOMES, 'unknown'];

/** How calls went: what became of them, who cut whom off, what was left unanswered. */
export function QualityView() {
  const filters = filtersOf(query.value);
  const { data, error } = useFetched<Answer>(`/api/quality?${filters}`);
  const totals = useFetched<TotalsAnswer>(`/api/totals?${filters}`).data;
  const isEmpty = data?.points.length === 0;
  return (
    <View name="Quality" error={error} isEmpty={isEmpty}>
      {data && totals && !isEmpty && (
        <>
          <QualityTiles answer={totals} />
          <Charts data={data} />
        </>
      )}
    </View>
  );
}

const callsWith = (changes: Readonly<Record<string, string>>) =>
  withParameters('/calls', new URLSearchParams(keepingFilters('', query.value).slice(1)), changes);

function QualityTiles({ answer: { totals } }: { answer: TotalsAnswer }) {
  const { outcomes, calls } = totals;
  const judged = calls - (outcomes.unknown ?? 0);
  return (
    <Tiles>
      <Tile
        name="Success"
        value={showShare(shareOf(outcomes.SUCCESS ?? 0, judged))}
        note={`of ${showCount(judged)} with an outcome`}
        href={callsWith({ outcome: 'SUCCESS' })}
      />
      <Tile
        name="Outcome unknown"
        value={showShare(shareOf(outcomes.unknown ?? 0, calls))}
        note={`${showCount(outcomes.unknown ?? 0)} calls`}
        href={callsWith({ outcome: 'unknown' })}
      />
      <Tile
        name="Interrupted turns"
        value={showShare(shareOf(totals.interruptions, totals.judged_turns))}
        note={`${showCount(totals.interruptions)} of ${showCount(totals.judged_turns)} turns`}
        href={callsWith({ interrupted: '1' })}
      />
      <Tile
        name="False interruptions"
        value={showShare(shareOf(totals.false_interruptions, totals.judged_turns))}
        note="the agent went on"
      />
      <Tile
        name="Unanswered"
        value={showCount(totals.unanswered)}
        note="utterances of callers"
        kind={(totals.unanswered ?? 0) > 0 ? 'warn' : ''}
        href={callsWith({ unanswered: '1' })}
      />
      <Tile
        name="Turns a call"
        value={calls === 0 ? '–' : (totals.turns / calls).toFixed(1)}
        note={`${showCount(totals.turns)} turns`}
      />
    </Tiles>
  );
}

function Charts({ data }: { data: Answer }) {
  const { points, bucket_seconds: bucket } = data;
  const times = points.map(({ at }) => at);
  const rate = (value: number | null, turns: number) => shareOf(value, turns) ?? null;
  const zoom = (from: number, to: number) => navigate(zoomTo(from, to));
  return (
    <div class="charts">
      <ChartCard title="Outcomes" class="wide" legend={<OutcomeLegend />}>
        <StackedBars
          label="Calls by outcome over time"
          bucket={bucket}
          fill={(name) => `fill-outcome-${name.toLowerCase()}`}
          show={showCount}
          href={({ at }) => callsBetween(at, at + bucket)}
          stacks={points.map(({ at, calls, outcomes }) => ({
            at,
            title: `${stretchText(at, bucket)}: ${showCount(calls)} calls. ${SHOWN.filter(
              (name) => outcomes[name],
            )
              .map((name) => `${showWord(name)} ${showCount(outcomes[name])}`)
              .join(', ')}`,
            parts: SHOWN.map((name) => ({ name, value: outcomes[name] ?? 0 })),
          }))}
        />
      </ChartCard>
      <ChartCard title="Interrupted and unanswered" note="share of turns">
        <TimeChart
          label="Share of turns interrupted, and utterances unanswered, over time"
          times={times}
          lines={[
            {
              name: 'interrupted',
              colour: '--bad',
              values: points.map(({ interruptions, turns }) => rate(interruptions, turns)),
            },
            {
              name: 'unanswered',
              colour: '--preparation',
              values: points.map(({ unanswered, turns }) => rate(unanswered, turns)),
            },
          ]}
          show={showShare}
          onZoom={zoom}
        />
      </ChartCard>
      <ChartCard title="Spoke over each other" isChart={false} note="turns">
        <Words
          counted={data.counted}
          kind="interruption"
          empty="No one spoke over the other, or nothing shows it."
        />
        <h3 class="card-sub">Who ended an answer early</h3>
        <Words counted={data.counted} kind="cut_off" empty="No one, or it is not known." />
      </ChartCard>
      <ChartCard title="Errors" isChart={false} note="turns with one">
        <Words counted={data.counted} kind="error" empty="No turn failed." bar="bg-bad" />
      </ChartCard>
      <ChartCard title="How calls ended" isChart={false} note="calls">
        <Words counted={data.counted} kind="end_reason" empty="No call says it." />
        <h3 class="card-sub">What decided the outcome</h3>
        <Words counted={data.counted} kind="outcome_source" empty="No outcome is known." />
      </ChartCard>
    </div>
  );
}

function Words({
  counted,
  kind,
  empty,
  bar = 'bg-plain',
}: {
  counted: readonly Counted[];
  kind: Counted['kind'];
  empty: string;
  bar?: string;
}) {
  const own = counted.filter((each) => each.kind === kind);
  return (
    <Ranking
      heads={['what', 'how often', 'count']}
      empty={empty}
      rows={own.map(({ name, count }) => ({
        key: name,
        name: kind === 'error' ? name : showWord(name),
        value: count,
        bar,
        figures: [showCount(count)],
      }))}
    />
  );
}

function OutcomeLegend() {
  return (
    <ul class="legend" aria-label="Colours">
      {SHOWN.map((name) => (
        <li key={name}>
          <i class={`swatch bg-outcome-${name.toLowerCase()}`} />
          {showWord(name)}
        </li>
      ))}
    </ul>
  );
}

import { ownerName } from '../../../model/owners.ts';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { LatencyView as Answer, ModelLatency, OverTarget, TotalsAnswer } from '../../shared/api.ts';
import { showCount, showCountOf, showLimit, showModel, showSeconds, showShare } from '../../shared/format.ts';
import { filtersOf, keepingFilters, withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { navigate, query } from '../app/location.ts';
import { ChartCard } from '../charts/chart-card.tsx';
import { HeatMap } from '../charts/heat-map.tsx';
import { Ranking } from '../charts/ranking.tsx';
import { StackedBars } from '../charts/stacked-bars.tsx';
import { stretchText } from '../charts/time-axis.tsx';
import { TimeChart } from '../charts/time-chart.tsx';
import { SegmentLegend } from '../parts/legend.tsx';
import { Tile, Tiles } from '../parts/tiles.tsx';
import { View } from '../parts/view.tsx';
import { callsBetween, zoomTo } from './stretch.ts';

/** How long callers wait: over time, by what the wait is made of, and by who makes them wait. */
export function LatencyView() {
  const filters = filtersOf(query.value);
  const { data, error } = useFetched<Answer>(`/api/latency?${filters}`);
  const totals = useFetched<TotalsAnswer>(`/api/totals?${filters}`).data;
  const target = totals?.target_seconds ?? 1.2;
  const isEmpty = data?.points.length === 0;
  return (
    <View name="Latency" error={error} isEmpty={isEmpty}>
      {totals && data && !isEmpty && <LatencyTiles answer={totals} every={data.every} />}
      {data && !isEmpty && <Charts data={data} target={target} />}
    </View>
  );
}

function LatencyTiles({
  answer: { silence, target_seconds },
  every,
}: {
  answer: TotalsAnswer;
  every: number;
}) {
  const [most] = Object.entries(silence.segments).sort(([, a], [, b]) => (b ?? 0) - (a ?? 0));
  const whole = Object.values(silence.segments).reduce<number>((sum, seconds) => sum + (seconds ?? 0), 0);
  return (
    <Tiles>
      <Tile
        name={`Answers under ${showLimit(target_seconds)}`}
        value={showShare(silence.under_target)}
        note={`of ${showCount(silence.turns)}`}
        kind={(silence.under_target ?? 1) < 0.9 ? 'warn' : ''}
      />
      <Tile name="Silence p50" value={showSeconds(silence.p50)} note="half of the answers are sooner" />
      <Tile name="p95" value={showSeconds(silence.p95)} note="1 in 20 is later" />
      <Tile name="p99" value={showSeconds(silence.p99)} note="1 in 100 is later" />
      <Tile
        name="Most of it"
        value={most?.[0] ?? '–'}
        note={most ? `${showShare((most[1] ?? 0) / whole)} of all silence` : ''}
      />
      {every > 1 && (
        <Tile name="Looked at" value={`1 call in ${every}`} note="for the charts; sums are of all" />
      )}
    </Tiles>
  );
}

function Charts({ data, target }: { data: Answer; target: number }) {
  const { points, bucket_seconds: bucket } = data;
  const times = points.map(({ at }) => at);
  return (
    <div class="charts">
      <ChartCard title="Silence before the answer" note="drag to choose a stretch">
        <TimeChart
          label="Median, 95th and 99th percentile of the silence over time"
          times={times}
          lines={[
            { name: 'p50', colour: '--user', values: points.map(({ p50 }) => p50) },
            { name: 'p95', colour: '--llm', values: points.map(({ p95 }) => p95) },
            { name: 'p99', colour: '--faint', values: points.map(({ p99 }) => p99) },
          ]}
          target={target}
          show={showSeconds}
          onZoom={(from, to) => navigate(zoomTo(from, to))}
        />
      </ChartCard>
      <ChartCard title={`Answers under ${showLimit(target)}`} note="drag to choose a stretch">
        <TimeChart
          label="Share of answers under the target over time"
          times={times}
          lines={[
            {
              name: 'under target',
              colour: '--good',
              values: points.map(({ under_target }) => under_target),
            },
          ]}
          show={showShare}
          onZoom={(from, to) => navigate(zoomTo(from, to))}
        />
      </ChartCard>
      <ChartCard
        title="What the silence is made of"
        note="mean of each segment"
        legend={<SegmentLegend />}
        class="wide"
      >
        <StackedBars
          label="Mean length of each segment over time"
          bucket={bucket}
          target={target}
          fill={(name) => `fill-${name}`}
          show={showLimit}
          href={({ at }) => callsBetween(at, at + bucket, { order: 'silence' })}
          stacks={points.map(({ at, turns, segments }) => ({
            at,
            title: `${stretchText(at, bucket)}: ${showCountOf(turns, 'turn')}. ${SEGMENTS.map((name) => `${name} ${showSeconds(segments[name])}`).join(', ')}`,
            parts: SEGMENTS.map((name) => ({ name, value: segments[name] ?? 0 })),
          }))}
        />
      </ChartCard>
      <ChartCard
        title={`Silence over ${showLimit(data.over.seconds)}: whose it is`}
        note={showCountOf(data.over.turns, 'turn')}
        isChart={false}
        class="wide"
      >
        <Owners over={data.over} />
      </ChartCard>
      <ChartCard title="Turns by silence" note="each cell leads to its calls" class="wide">
        <HeatMap
          cells={data.heat}
          bins={data.bins}
          bucket={bucket}
          target={target}
          href={(at, from, to) =>
            callsBetween(at, at + bucket, {
              silence_from: String(from),
              silence_to: to === undefined ? undefined : String(to),
            })
          }
        />
      </ChartCard>
      {(['llm', 'tts', 'stt'] as const).map((stage) => (
        <ChartCard key={stage} title={STAGES[stage].title} note={STAGES[stage].note} isChart={false}>
          <Models stage={stage} models={data.models.filter((model) => model.stage === stage)} />
        </ChartCard>
      ))}
    </div>
  );
}

const MOST_OWNERS = 10;
/** What is less is no reason for anything. */
const isShown = ({ share }: OverTarget['owners'][number]): boolean => share >= 0.005;

/** Who can make the slow turns faster: a setting, a model, the application or the transport. */
function Owners({ over: { turns, owners } }: { over: OverTarget }) {
  return (
    <Ranking
      heads={['owner', 'of the silence', 'share', 'a turn']}
      empty="No turn is over the target"
      rows={owners
        .filter(isShown)
        .slice(0, MOST_OWNERS)
        .map(({ segment, seconds, share, ...owner }) => ({
          key: ownerName(owner),
          name: ownerName(owner),
          value: share,
          bar: `bg-${segment}`,
          figures: [showShare(share), showSeconds(seconds / turns)],
        }))}
    />
  );
}

const STAGES = {
  llm: { title: 'Models', note: 'to the first words' },
  tts: { title: 'Voices', note: 'to the first audio' },
  stt: { title: 'Transcription', note: 'from the end of speech to the final transcript' },
} as const;

function Models({ stage, models }: { stage: ModelLatency['stage']; models: readonly ModelLatency[] }) {
  return (
    <Ranking
      heads={['model', 'p50, p95', 'p50', 'p95', 'turns']}
      empty="No turn has it"
      rows={models.map(({ provider, model, p50, p95, turns }) => ({
        key: `${provider} ${model}`,
        name: showModel(provider, model),
        value: p50,
        beyond: p95,
        bar: stage === 'stt' ? 'bg-cost-stt' : `bg-${stage}`,
        figures: [showSeconds(p50), showSeconds(p95), showCount(turns)],
        ...(model !== null && {
          href: withParameters('/latency', new URLSearchParams(keepingFilters('', query.value).slice(1)), {
            model,
          }),
        }),
      }))}
    />
  );
}

import { OUTCOMES } from '../../../model/vocabulary.ts';
import type { QualityView as Answer, Counted, SpeechTotals, TotalsAnswer } from '../../shared/api.ts';
import { shareOf, showCount, showCountOf, showShare, showWord } from '../../shared/format.ts';
import { filtersOf, keepingFilters, withParameters } from '../../shared/query.ts';
import { deadAirShare, overlapShare, talkRatio } from '../../shared/speech.ts';
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
  const { outcomes, calls, speech } = totals;
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
        note={showCountOf(outcomes.unknown ?? 0, 'call')}
        href={callsWith({ outcome: 'unknown' })}
      />
      <Tile
        name="Interrupted turns"
        value={showShare(shareOf(totals.interruptions, totals.judged_turns))}
        note={`of ${showCountOf(totals.judged_turns, 'turn')} · false ${showShare(shareOf(totals.false_interruptions, totals.judged_turns))}`}
        href={callsWith({ interrupted: '1' })}
      />
      <Tile
        name="Unanswered"
        value={showCount(totals.unanswered)}
        note={totals.unanswered === 1 ? 'utterance of a caller' : 'utterances of callers'}
        kind={(totals.unanswered ?? 0) > 0 ? 'warn' : ''}
        href={callsWith({ unanswered: '1' })}
      />
      <Tile
        name="Agent speaks"
        value={showShare(talkRatio(speech))}
        note={
          speech.talk_calls === 0
            ? 'it is not known who spoke when'
            : `of what is said; both ${showShare(overlapShare(speech))}`
        }
      />
      <Tile
        name="Dead air"
        value={showShare(deadAirShare(speech))}
        note={
          speech.silence_calls === 0
            ? 'it is not known who spoke when'
            : speech.dead_air_calls === 0
              ? 'of the time; no silence over 3 s'
              : `of the time; silences over 3 s in ${showCountOf(speech.dead_air_calls, 'call')}`
        }
      />
    </Tiles>
  );
}

function Charts({ data }: { data: Answer }) {
  const { points, bucket_seconds: bucket } = data;
  const times = points.map(({ at }) => at);
  const rate = (value: number | null, turns: number) => shareOf(value, turns) ?? null;
  const ofSpeech = (figure: (speech: SpeechTotals) => number | undefined) =>
    points.map(({ speech }) => figure(speech) ?? null);
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
            title: `${stretchText(at, bucket)}: ${showCountOf(calls, 'call')}. ${SHOWN.filter(
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
      <ChartCard title="Who speaks" note="share of what is said">
        <TimeChart
          label="The agent's share of what is said, and the share in which both speak, over time"
          times={times}
          lines={[
            { name: 'agent', colour: '--agent', values: ofSpeech(talkRatio) },
            { name: 'both at once', colour: '--bad', values: ofSpeech(overlapShare) },
          ]}
          show={showShare}
          onZoom={zoom}
        />
      </ChartCard>
      <ChartCard title="Dead air" note="share of the call in which no one speaks for over 3 s">
        <TimeChart
          label="Share of the calls in which no one speaks for over three seconds, over time"
          times={times}
          lines={[{ name: 'dead air', colour: '--endpointing', values: ofSpeech(deadAirShare) }]}
          show={showShare}
          onZoom={zoom}
        />
      </ChartCard>
      <ChartCard title="How calls ended" isChart={false} note="calls">
        <Words counted={data.counted} kind="end_reason" empty="No call says it." />
        <h3 class="card-sub">What decided the outcome</h3>
        <Words counted={data.counted} kind="outcome_source" empty="No outcome is known." />
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

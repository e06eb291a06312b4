import { useEffect, useState } from 'preact/hooks';
import type { CallAnswer, TurnDetail } from '../../shared/api.ts';
import { slowestTurn } from '../../shared/insight.ts';
import { type CallName, callAddress, withParameters } from '../../shared/query.ts';
import { extentOf } from '../../shared/timeline.ts';
import { MANY_TURNS, useAfterFirst } from '../app/after-first.ts';
import { useFetched } from '../app/fetching.ts';
import { useKeys } from '../app/keys.ts';
import { finishedVersion, running } from '../app/live.ts';
import { lastCalls, navigate, path, query } from '../app/location.ts';
import { useSound } from '../app/sound.ts';
import { Bill } from '../parts/bill.tsx';
import { CallHead } from '../parts/call-head.tsx';
import { Empty, Trouble } from '../parts/empty.tsx';
import { FactsDrawer } from '../parts/facts-drawer.tsx';
import { useHeard, WorstHeard } from '../parts/heard-silence.tsx';
import { Scores } from '../parts/scores.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { Transcript } from '../parts/transcript.tsx';
import { TurnPanel } from '../parts/turn-panel.tsx';
import { TurnStrip } from '../parts/turn-strip.tsx';

/** One call: which turns were slow, the conversation on a timeline, and beneath it the turn that is looked at. */
export function CallView({ name }: { name: CallName }) {
  const address = callAddress(name);
  const live = running.value.find(({ call }) => callAddress(call) === address);
  const version = `${live?.call.ended_at ?? ''} ${live?.turns.length ?? 0} ${live ? '' : finishedVersion.value}`;
  const { data, error } = useFetched<CallAnswer>(`/api${address}`, version);
  if (data === undefined) return error === undefined ? <p class="dim">…</p> : <Gone error={error} />;
  return <Loaded data={data} error={error} />;
}

function Gone({ error }: { error: string }) {
  if (error !== 'there is no such call') return <Trouble error={error} />;
  return (
    <Empty title="There is no such call">
      <p>
        It may not have a span yet, or it was deleted. <a href={lastCalls.value}>All calls</a>
      </p>
    </Empty>
  );
}

function Loaded({ data, error }: { data: CallAnswer; error: string | undefined }) {
  const [areFactsOpen, openFacts] = useState(false);
  const { turns } = data;
  const sound = useSound(data);
  const heard = useHeard(data);
  const isReady = useAfterFirst(turns.length > MANY_TURNS);
  const turn = chosenTurn(turns);
  const choose = (chosen: TurnDetail | undefined) => {
    if (chosen !== undefined)
      navigate(withParameters(path.value, query.value, { turn: String(chosen.row.turn_index) }), {
        replace: true,
      });
  };
  // From the address, which is ahead of what is drawn while a key is held.
  const go = (steps: number) => {
    const now = chosenTurn(turns);
    const next = now && turns[turns.indexOf(now) + steps];
    choose(next);
    if (next !== undefined) sound?.seek(extentOf(next).start);
  };
  const next = () => go(1);
  const previous = () => go(-1);
  useKeys({
    j: next,
    k: previous,
    ArrowRight: next,
    ArrowLeft: previous,
    Escape: () => navigate(lastCalls.value),
    ...(sound && { ' ': sound.toggle }),
  });
  useEffect(() => {
    document.title = `${data.call.call_id} – earshot`;
    return () => {
      document.title = 'earshot';
    };
  }, [data.call.call_id]);
  return (
    <article class="call">
      <CallHead data={data} />
      {error !== undefined && <Trouble error={error} />}
      <TurnStrip turns={turns} selected={turn} onSelect={choose} />
      {data.spans > 0 && <Timeline data={data} selected={turn} onSelect={choose} sound={sound} />}
      <WorstHeard heard={heard} />
      {isReady && (
        <div class="call-columns">
          <div class="call-main">
            {turn !== undefined && (
              <TurnPanel
                turn={turn}
                heard={heard?.turns.find(({ turn_index }) => turn_index === turn.row.turn_index)}
                traceUrl={data.trace_url}
                hasSpans={data.spans > 0}
                onFacts={() => openFacts(true)}
              />
            )}
            <Bill data={data} />
            <Scores scores={data.scores} />
          </div>
          <div class="call-side">
            <Transcript turns={turns} selected={turn} onSelect={choose} />
          </div>
        </div>
      )}
      {areFactsOpen && turn !== undefined && (
        <FactsDrawer call={data.call} turn={turn} onClose={() => openFacts(false)} />
      )}
    </article>
  );
}

/** The turn that the address names, else the slowest: where to look first. */
function chosenTurn(turns: readonly TurnDetail[]): TurnDetail | undefined {
  const named = query.value.get('turn');
  const found = turns.find(({ row }) => String(row.turn_index) === named);
  if (found !== undefined) return found;
  const slowest = slowestTurn(turns.map(({ row }) => row));
  return turns.find(({ row }) => row === slowest) ?? turns[0];
}

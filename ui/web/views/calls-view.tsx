import { useState } from 'preact/hooks';
import type { TotalsAnswer } from '../../shared/api.ts';
import {
  shareOf,
  showCount,
  showCountOf,
  showLimit,
  showMoney,
  showSeconds,
  showShare,
} from '../../shared/format.ts';
import { filtersOf, totalsAddress, withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { finishedVersion, running } from '../app/live.ts';
import { path, query } from '../app/location.ts';
import { useCallPages } from '../parts/call-pages.ts';
import { CallTable } from '../parts/call-table.tsx';
import { ColumnChoice } from '../parts/column-choice.tsx';
import { CopyLink } from '../parts/copy-link.tsx';
import { NoCalls, Trouble } from '../parts/empty.tsx';
import { FilterBar } from '../parts/filter-bar.tsx';
import { OutcomeBar } from '../parts/outcome-bar.tsx';
import { Tile, Tiles } from '../parts/tiles.tsx';

/** The calls that the filters choose, what they come to together, and those that go on. */
export function CallsView() {
  const filters = filtersOf(query.value);
  const order = query.value.get('order') ?? 'started';
  // A search is of the calls that had rows when it was typed. What they come to is worked out once all are found.
  const isSearch = filters.has('id');
  const version = isSearch ? 0 : finishedVersion.value;
  const pages = useCallPages(filters.toString(), order, version);
  const isSearching = isSearch && pages.isLoading;
  const totals = useFetched<TotalsAnswer>(
    isSearching ? undefined : totalsAddress(filters.toString()),
    version,
  );
  const [selected, setSelected] = useState(0);
  const isFiltered = [...query.value.keys()].some((name) => name !== 'order');
  const live = isFiltered || order !== 'started' ? [] : running.value;
  const isEmpty = !pages.isLoading && pages.calls.length === 0 && live.length === 0;
  return (
    <>
      <h1 class="hidden">Calls</h1>
      <FilterBar search>
        <ColumnChoice />
        <a class="button" href={`/api/calls.csv?${filters}&order=${order}`} download>
          CSV
        </a>
        <a class="button" href={`/api/calls.json?${filters}&order=${order}`} download>
          JSON
        </a>
        <CopyLink />
      </FilterBar>
      {totals.data && !isEmpty && (
        <Summary answer={totals.data} isOld={isSearch && (isSearching || totals.isLoading)} />
      )}
      {(totals.error ?? pages.error) && <Trouble error={totals.error ?? pages.error ?? ''} />}
      {isEmpty && pages.error === undefined ? (
        <NoCalls isFiltered={isFiltered} />
      ) : (
        <CallTable
          calls={[...live, ...pages.calls]}
          total={((isSearching ? undefined : totals.data?.totals.calls) ?? pages.calls.length) + live.length}
          target={totals.data?.target_seconds ?? 1.2}
          order={order}
          selected={selected}
          onSelect={setSelected}
          onEnd={pages.more}
          isLoading={pages.isLoading}
        />
      )}
    </>
  );
}

/** `isOld`: it is still of what was chosen before. */
function Summary({ answer, isOld }: { answer: TotalsAnswer; isOld: boolean }) {
  const { totals, silence, target_seconds } = answer;
  const perCall = totals.cost_total === null ? null : Number(totals.cost_total) / totals.calls;
  const to = (changes: Record<string, string | undefined>) =>
    withParameters(path.value, query.value, changes);
  return (
    <Tiles isOld={isOld}>
      <Tile name="Calls" value={showCount(totals.calls)} note={showCountOf(totals.turns, 'turn')} />
      <Tile
        name="Silence p50"
        value={showSeconds(silence.p50)}
        note={`p95 ${showSeconds(silence.p95)}${silence.every > 1 ? `, 1 call in ${silence.every}` : ''}`}
        href={to({ order: 'silence' })}
      />
      <Tile
        name={`Under ${showLimit(target_seconds)}`}
        value={showShare(silence.under_target)}
        note={`of ${showCountOf(silence.turns, 'answer')}`}
        kind={(silence.under_target ?? 1) < 0.9 ? 'warn' : ''}
      />
      <Tile
        name="Cost"
        value={
          <>
            {showMoney(totals.cost_total)}
            {totals.cost_total !== null && totals.unpriced_calls > 0 && (
              <span title="Something had no price, or no known usage: this is a lower bound">+</span>
            )}
          </>
        }
        note={
          totals.unpriced_calls > 0
            ? `${showMoney(perCall)} a call · ${showCount(totals.unpriced_calls)} not fully priced`
            : `${showMoney(perCall)} a call`
        }
        href={to({ order: 'cost' })}
      />
      <Tile
        name="Interrupted"
        value={showShare(shareOf(totals.interruptions, totals.judged_turns))}
        note={`of turns · false ${showShare(shareOf(totals.false_interruptions, totals.judged_turns))}`}
        href={to({ interrupted: '1' })}
      />
      <Tile
        name="Outcomes"
        value={<OutcomeBar outcomes={totals.outcomes} />}
        note={`${showCount(totals.unanswered)} left unanswered`}
      />
    </Tiles>
  );
}

import { DEFAULT_TENANT } from '../../../model/tenant.ts';
import type { Choices } from '../../shared/api.ts';
import { type CallName, filtersOf, withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { navigate, query } from '../app/location.ts';
import { CompareCalls } from '../parts/compare-calls.tsx';
import { CompareSelections } from '../parts/compare-selections.tsx';
import { CopyLink } from '../parts/copy-link.tsx';
import { RANGES } from '../parts/filter-bar.tsx';

const CHOSEN = [
  'tenant',
  'agent',
  'model',
  'provider',
  'campaign',
  'service',
  'version',
  'environment',
  'customer',
  'direction',
  'outcome',
] as const satisfies readonly (keyof Choices)[];
type Side = 'a' | 'b';

/** Two calls, or two selections of calls, side by side. */
export function CompareView() {
  const [a, b] = [callOf('a'), callOf('b')];
  if (a !== undefined) return <CompareCalls a={a} b={b} />;
  const sides = { a: sideOf('a'), b: sideOf('b') };
  const isSame = sides.a.toString() === sides.b.toString();
  return (
    <>
      <div class="card-head">
        <h1>Compare</h1>
        <span class="dim small">two selections of calls; to compare two calls, begin at one of them</span>
        <span class="spacer" />
        <CopyLink />
      </div>
      <div class="compare-sides">
        <SideChoice side="a" selection={sides.a} />
        <SideChoice side="b" selection={sides.b} />
      </div>
      {isSame ? (
        <p class="empty dim">
          Choose something else on one of the sides: another model, agent, campaign or time.
        </p>
      ) : (
        <CompareSelections a={filtersOf(sides.a)} b={filtersOf(sides.b)} />
      )}
    </>
  );
}

/** The call that the address has on a side. */
function callOf(side: Side): CallName | undefined {
  const call_id = query.value.get(`call_${side}`);
  if (call_id === null) return undefined;
  return { tenant: query.value.get(`tenant_${side}`) ?? DEFAULT_TENANT, call_id };
}

const sideOf = (side: Side) => new URLSearchParams(query.value.get(side) ?? '');

function change(side: Side, selection: URLSearchParams, name: string, value: string): void {
  const changed = withParameters('', selection, { [name]: value }).slice(1);
  navigate(withParameters('/compare', query.value, { [side]: changed }), { replace: true });
}

function SideChoice({ side, selection }: { side: Side; selection: URLSearchParams }) {
  const { data: choices } = useFetched<Choices>('/api/choices');
  const name = side.toUpperCase();
  return (
    <section class={`card pad side-${side}`} aria-label={`Selection ${name}`}>
      <div class="card-head">
        <h2>{name}</h2>
      </div>
      <div class="side-choices">
        <select
          aria-label={`Time of ${name}`}
          value={selection.get('since') ?? '7d'}
          onChange={(event) => change(side, selection, 'since', event.currentTarget.value)}
        >
          {RANGES.map(([range, title]) => (
            <option key={range} value={range}>
              {title}
            </option>
          ))}
        </select>
        {CHOSEN.map((filter) => {
          const value = selection.get(filter) ?? '';
          const values = choices?.[filter] ?? [];
          if (values.length < 2 && value === '') return null;
          return (
            <select
              key={filter}
              aria-label={`${filter} of ${name}`}
              class={value === '' ? '' : 'is-set'}
              value={value}
              onChange={(event) => change(side, selection, filter, event.currentTarget.value)}
            >
              <option value="">any {filter}</option>
              {values.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          );
        })}
      </div>
    </section>
  );
}

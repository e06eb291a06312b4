import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Choices } from '../../shared/api.ts';
import { showDayAndHour, showLimit, showWord } from '../../shared/format.ts';
import { DEFAULT_SINCE, type Filter, withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { useKeys } from '../app/keys.ts';
import { navigate, path, query } from '../app/location.ts';

/** Times that are chosen from. */
export const RANGES = [
  ['1h', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
  ['all', 'All time'],
] as const;

type Chosen = readonly (readonly [Filter & keyof Choices, string])[];
/** Always in sight; the others are, where they are set. */
const OFTEN: Chosen = [
  ['tenant', 'Tenant'],
  ['agent', 'Agent'],
  ['outcome', 'Outcome'],
  ['model', 'Model'],
];
const SELDOM: Chosen = [
  ['campaign', 'Campaign'],
  ['provider', 'Provider'],
  ['direction', 'Direction'],
  ['channel', 'Channel'],
  ['service', 'Service'],
  ['version', 'Version'],
  ['environment', 'Environment'],
  ['customer', 'Customer'],
];

const FLAGS = [
  ['interrupted', 'Interrupted'],
  ['unanswered', 'Unanswered'],
  ['failed', 'With errors'],
  ['unpriced', 'Not priced'],
] as const satisfies readonly (readonly [Filter, string])[];

const set = (changes: Partial<Record<Filter, string | undefined>>, replace = false) =>
  navigate(withParameters(path.value, query.value, { ...changes, turn: undefined }), { replace });

const chosen = (name: Filter) => query.value.get(name) ?? '';
const isSet = ([name]: readonly [Filter, string]) => chosen(name) !== '';

/** Which calls a view is about; all of it is in the address. `children` stand at the end. */
export function FilterBar({ search = false, children }: { search?: boolean; children?: ComponentChildren }) {
  const { data: choices } = useFetched<Choices>('/api/choices');
  const hasChoice = (filter: readonly [Filter & keyof Choices, string]) =>
    isSet(filter) || (choices?.[filter[0]].length ?? 0) > 1;
  return (
    <div class="filters" role="search" aria-label="Which calls">
      {search && <Search />}
      <TimeRange />
      {[...OFTEN.filter(hasChoice), ...SELDOM.filter(isSet)].map(([name, title]) => (
        <Choice key={name} name={name} title={title} values={choices?.[name] ?? []} />
      ))}
      {FLAGS.filter(isSet).map(([name, title]) => (
        <Flag key={name} name={name} title={title} />
      ))}
      <SilenceChip />
      <details class="menu">
        <summary class="button">More</summary>
        <div class="menu-body more">
          {FLAGS.map(([name, title]) => (
            <Flag key={name} name={name} title={title} />
          ))}
          {SELDOM.filter(hasChoice).map(([name, title]) => (
            <Choice key={name} name={name} title={title} values={choices?.[name] ?? []} />
          ))}
        </div>
      </details>
      <span class="spacer" />
      {children}
    </div>
  );
}

function Choice({ name, title, values }: { name: Filter; title: string; values: readonly string[] }) {
  const value = chosen(name);
  const all = value === '' || values.includes(value) ? values : [value, ...values];
  return (
    <select
      aria-label={title}
      class={value === '' ? '' : 'is-set'}
      value={value}
      onChange={(event) => set({ [name]: event.currentTarget.value })}
    >
      <option value="">{title}</option>
      {all.map((each) => (
        <option key={each} value={each}>
          {name === 'outcome' ? showWord(each) : each}
        </option>
      ))}
    </select>
  );
}

function Flag({ name, title }: { name: Filter; title: string }) {
  return (
    <button
      type="button"
      class="toggle"
      aria-pressed={chosen(name) !== ''}
      onClick={() => set({ [name]: chosen(name) === '' ? '1' : undefined })}
    >
      {title}
    </button>
  );
}

function TimeRange() {
  const since = query.value.get('since') ?? (query.value.has('until') ? 'all' : DEFAULT_SINCE);
  const isUsual = RANGES.some(([value]) => value === since) && !query.value.has('until');
  return (
    <select
      aria-label="Time"
      class="is-set"
      value={isUsual ? since : 'own'}
      onChange={(event) => set({ since: event.currentTarget.value, until: undefined })}
    >
      {RANGES.map(([value, title]) => (
        <option key={value} value={value}>
          {title}
        </option>
      ))}
      {!isUsual && <option value="own">{stretch(since, query.value.get('until'))}</option>}
    </select>
  );
}

const moment = (text: string) => {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : showDayAndHour(at);
};
const stretch = (since: string, until: string | null) =>
  `${since === 'all' ? '' : moment(since)} – ${until === null ? 'now' : moment(until)}`;

/** A stretch of silences, chosen in a heat map. */
function SilenceChip() {
  const [from, to] = [query.value.get('silence_from'), query.value.get('silence_to')];
  if (from === null && to === null) return null;
  const text =
    to === null
      ? `silence from ${showLimit(Number(from))}`
      : `silence ${showLimit(Number(from ?? 0))} to ${showLimit(Number(to))}`;
  return (
    <button
      type="button"
      class="toggle"
      aria-pressed="true"
      onClick={() => set({ silence_from: undefined, silence_to: undefined })}
    >
      {text} <span aria-hidden="true">×</span>
    </button>
  );
}

/** Between two questions, while one types. */
const TYPED_MS = 100;

function Search() {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [typed, setTyped] = useState<string>();
  const askedMs = useRef(Number.NEGATIVE_INFINITY);
  useKeys({ '/': () => field.current?.focus() });
  return (
    <label class="search">
      <span class="hidden">Search by id</span>
      <input
        ref={field}
        type="search"
        placeholder="Search by call id"
        value={typed ?? query.value.get('id') ?? ''}
        onInput={(event) => {
          const text = event.currentTarget.value;
          const id = text.trim();
          // Until the address has it: an answer to what was asked before must not take it back.
          setTyped(text);
          const ask = () => {
            askedMs.current = performance.now();
            setTyped(undefined);
            set({ id }, true);
          };
          clearTimeout(timer.current);
          const waitMs = askedMs.current + TYPED_MS - performance.now();
          if (waitMs <= 0) ask();
          else timer.current = setTimeout(ask, waitMs);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') field.current?.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

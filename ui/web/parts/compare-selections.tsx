import type { CompareAnswer } from '../../shared/api.ts';
import { type ComparedLine, comparedLines } from '../../shared/comparison.ts';
import type { Verdict } from '../../shared/difference.ts';
import { showShare } from '../../shared/format.ts';
import { useFetched } from '../app/fetching.ts';
import { Trouble } from './empty.tsx';

const WORDS: Readonly<Record<Verdict, string>> = {
  better: 'better',
  worse: 'worse',
  different: '',
  same: 'no more than chance',
  too_few: 'too few to say',
};

/** The figures of two selections, with the differences that are more than chance marked. */
export function CompareSelections({ a, b }: { a: URLSearchParams; b: URLSearchParams }) {
  const asked = new URLSearchParams({ a: a.toString(), b: b.toString() });
  const { data, error } = useFetched<CompareAnswer>(`/api/compare?${asked}`);
  if (error !== undefined) return <Trouble error={error} />;
  if (data === undefined) return <p class="dim">…</p>;
  const lines = comparedLines(data);
  const groups = [...new Set(lines.map(({ group }) => group))];
  return (
    <section class="card pad" aria-label="Differences">
      <table class="compare-table">
        <thead>
          <tr class="compare-row compare-head">
            <th scope="col">figure</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
            <th scope="col">change</th>
            <th scope="col">verdict</th>
          </tr>
        </thead>
        {groups.map((group) => (
          <tbody key={group}>
            <tr class="compare-row compare-group">
              <th colSpan={5} scope="rowgroup">
                {group}
              </th>
            </tr>
            {lines
              .filter((line) => line.group === group)
              .map((line) => (
                <Line key={line.name} line={line} />
              ))}
          </tbody>
        ))}
      </table>
      <p class="dim small">
        A verdict stands where a difference can be told from chance: medians by their quartiles, shares by
        their counts, at 95 %. Fewer than 20 on a side say nothing.
      </p>
    </section>
  );
}

function Line({ line: { name, difference, show } }: { line: ComparedLine }) {
  const { a, b, relative, verdict } = difference;
  const sign = (relative ?? 0) > 0 ? '+' : '';
  return (
    <tr class="compare-row">
      <th scope="row">{name}</th>
      <td>{show(a)}</td>
      <td>{show(b)}</td>
      <td class={`nowrap verdict-${verdict}`}>{relative === null ? '–' : `${sign}${showShare(relative)}`}</td>
      <td class={`verdict-${verdict}`}>{WORDS[verdict]}</td>
    </tr>
  );
}

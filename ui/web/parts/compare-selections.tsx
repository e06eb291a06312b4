import type { CompareAnswer } from '../../shared/api.ts';
import { type ComparedLine, comparedLines, showJudgment } from '../../shared/comparison.ts';
import { useFetched } from '../app/fetching.ts';
import { Trouble } from './empty.tsx';

/** The figures of two selections, how far apart they are, and what of it is more than chance. */
export function CompareSelections({ a, b }: { a: URLSearchParams; b: URLSearchParams }) {
  const asked = new URLSearchParams({ a: a.toString(), b: b.toString() });
  const { data, error } = useFetched<CompareAnswer>(`/api/compare?${asked}`);
  if (error !== undefined) return <Trouble error={error} />;
  if (data === undefined) return <p class="dim">…</p>;
  const lines = comparedLines(data);
  const groups = [...new Set(lines.map(({ group }) => group))];
  return (
    <section class="card pad" aria-label="Differences">
      <p>
        <strong>{data.verdict}</strong>
      </p>
      <table class="compare-table">
        <thead>
          <tr class="compare-row compare-head">
            <th scope="col">figure</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
            <th scope="col">change, 95 % interval</th>
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
      {data.notes.map((note) => (
        <p key={note} class="dim small">
          {note}
        </p>
      ))}
    </section>
  );
}

function Line({ line: { name, a, b, change, interval, judgment, note } }: { line: ComparedLine }) {
  return (
    <tr class="compare-row">
      <th scope="row">{name}</th>
      <td>{a}</td>
      <td>{b}</td>
      <td>
        <div class={`nowrap verdict-${judgment}`}>{change}</div>
        <div class="dim small">{interval}</div>
      </td>
      <td class={`verdict-${judgment}`} title={note}>
        {showJudgment(judgment)}
      </td>
    </tr>
  );
}

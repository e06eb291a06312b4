import type { ComponentChildren } from 'preact';

export interface RankingRow {
  key: string;
  name: ComponentChildren;
  /** The length of its bar. */
  value: number;
  /** Class of the bar, as `bg-llm`. */
  bar: string;
  /** A second, paler length behind it. */
  beyond?: number;
  figures: readonly ComponentChildren[];
  href?: string;
}

/** Rows with bars, the longest first or as they come. */
export function Ranking({
  heads,
  rows,
  empty,
}: {
  heads: readonly string[];
  rows: readonly RankingRow[];
  empty: string;
}) {
  if (rows.length === 0) return <p class="dim">{empty}</p>;
  const most = Math.max(...rows.map(({ value, beyond }) => Math.max(value, beyond ?? 0))) || 1;
  return (
    <table class="ranking">
      <thead>
        <tr>
          {heads.map((head, i) => (
            <th key={`${i} ${head}`} scope="col" class={i > 1 ? 'end' : ''}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, name, value, beyond, bar, figures, href }) => (
          <tr key={key}>
            <th scope="row">{href === undefined ? name : <a href={href}>{name}</a>}</th>
            <td class="ranking-bar">
              <div>
                {beyond !== undefined && (
                  <i class={`${bar} is-beyond`} style={{ width: `${(beyond / most) * 100}%` }} />
                )}
                {value > 0 && <i class={bar} style={{ width: `${(value / most) * 100}%` }} />}
              </div>
            </td>
            {figures.map((figure, i) => (
              <td key={i} class="end">
                {figure}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

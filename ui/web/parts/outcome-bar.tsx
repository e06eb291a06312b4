import { OUTCOMES } from '../../../model/vocabulary.ts';
import { showCount, showWord } from '../../shared/format.ts';

const ORDER: readonly string[] = [...OUTCOMES, 'unknown'];

/** Outcomes as shares of a bar, with the two most frequent in words. */
export function OutcomeBar({ outcomes }: { outcomes: Readonly<Record<string, number>> }) {
  const counts = ORDER.map((name) => ({ name, count: outcomes[name] ?? 0 })).filter(({ count }) => count > 0);
  const whole = counts.reduce((sum, { count }) => sum + count, 0);
  if (whole === 0) return <>–</>;
  const words = counts.map(({ name, count }) => `${showWord(name)} ${showCount(count)}`);
  const most = [...counts].sort((a, b) => b.count - a.count).slice(0, 2);
  return (
    <span class="outcomes" title={words.join(', ')}>
      <span class="outcome-words">
        {most.map(({ name, count }) => (
          <span key={name}>
            <b>{showCount(count)}</b> {showWord(name)}
          </span>
        ))}
      </span>
      <span class="outcome-bar" role="img" aria-label={words.join(', ')}>
        {counts.map(({ name, count }) => (
          <i key={name} class={`bg-outcome-${name.toLowerCase()}`} style={{ flexGrow: count }} />
        ))}
      </span>
    </span>
  );
}

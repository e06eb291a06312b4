import type { ScoreRow } from '../../shared/api.ts';
import { showInstant, showScore } from '../../shared/format.ts';

/** What someone or something thinks of the call. Nothing, where no one said it. */
export function Scores({ scores }: { scores: readonly ScoreRow[] | undefined }) {
  if (scores === undefined || scores.length === 0) return null;
  return (
    <section class="card pad" aria-label="Scores">
      <div class="card-head">
        <h2>Scores</h2>
      </div>
      <ul class="scores">
        {scores.map(({ name, value, label, source, scored_at }) => (
          <li key={name}>
            <span class="cut">{name}</span>
            <b class="cut">{showScore({ value, label })}</b>
            <span class="dim small">
              {source}, {showInstant(scored_at, new Date())}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

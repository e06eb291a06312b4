import type { CallAnswer, HeardAnswer, HeardTurn } from '../../shared/api.ts';
import { showDifference, showSeconds } from '../../shared/format.ts';
import { callAddress } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';

/** What the recordings of a call say of its silences. Undefined: there are none, or they say nothing. */
export function useHeard({ call, live, recordings, spans }: CallAnswer): HeardAnswer | undefined {
  const isHeard = !live && spans > 0 && recordings.length > 0;
  const { data } = useFetched<HeardAnswer>(isHeard ? `/api${callAddress(call, '/heard')}` : undefined);
  return isHeard ? data : undefined;
}

/** The silence of a turn as it is heard, beside the one that its row has. */
export function HeardSilence({ turn }: { turn: HeardTurn | undefined }) {
  if (turn === undefined || turn.reason === 'agent_opens' || turn.reason === 'unknown') return null;
  const { heard, difference, why } = turn;
  return (
    <p class="dim small" data-testid="heard">
      In the recording:{' '}
      {heard === null ? (
        why
      ) : (
        <>
          <b>{heard < 0 ? 'none' : showSeconds(heard)}</b> ({showDifference(difference)}){why && ` – ${why}`}
        </>
      )}
    </p>
  );
}

/** How far the silences of a call are from what is heard of them, at worst. */
export function WorstHeard({ heard }: { heard: HeardAnswer | undefined }) {
  if (heard === undefined) return null;
  const refused = heard.recordings.find((each) => each.refused !== undefined)?.refused;
  if (heard.compared === 0)
    return refused === undefined ? null : <p class="dim small">The recording {refused}.</p>;
  const worst = heard.turns.find(({ difference }) => difference === heard.worst_difference);
  return (
    <p class="dim small" data-testid="worst-heard">
      Silences in the recording differ from the figures by {showDifference(heard.median_difference)} in the
      median, by <b>{showDifference(heard.worst_difference)}</b> at worst
      {worst && ` (turn ${worst.turn_index})`}.
      {heard.recordings.flatMap(({ notes }) => notes).map((note) => ` ${note}`)}
    </p>
  );
}

import { useEffect, useRef } from 'preact/hooks';
import type { FactsAnswer, TurnDetail } from '../../shared/api.ts';
import { type CallName, callAddress } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { CopyLink } from './copy-link.tsx';
import { Trouble } from './empty.tsx';

/** What the spans of a turn said, as they are in the journal. */
export function FactsDrawer({ call, turn, onClose }: { call: CallName; turn: TurnDetail; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { data, error } = useFetched<FactsAnswer>(`/api${callAddress(call, '/facts')}`);
  const { turn_index, trace_id } = turn.row;
  const own = data?.facts.filter((fact) => fact.turnIndex === turn_index || fact.traceId === trace_id);
  const text = own === undefined ? '' : JSON.stringify(own, null, 2);
  return (
    <dialog ref={dialog} class="drawer" aria-labelledby="facts-title" onClose={onClose}>
      <div class="card-head">
        <h2 id="facts-title">
          Facts of turn {turn_index} {own && <span class="dim">({own.length} spans)</span>}
        </h2>
        <span class="spacer" />
        <CopyLink text={text} label="Copy" withKey={false} />
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {error !== undefined && <Trouble error={error} />}
      <pre tabIndex={0}>{text}</pre>
    </dialog>
  );
}

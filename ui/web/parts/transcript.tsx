import { useEffect, useRef } from 'preact/hooks';
import type { TurnDetail } from '../../shared/api.ts';
import { showSeconds } from '../../shared/format.ts';
import { tickText } from '../../shared/timeline.ts';
import { MANY_TURNS, useAfterFirst } from '../app/after-first.ts';

interface Props {
  turns: readonly TurnDetail[];
  selected: TurnDetail | undefined;
  onSelect(turn: TurnDetail): void;
}

/** Of a longer call the turns around the one that is looked at are drawn first: so many before it and after it. */
const AROUND = 12;

/** What was said, where that was recorded. */
export function Transcript({ turns, selected, onSelect }: Props) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    // Within the list only: the page stays where it is.
    const item = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (item && list.current) list.current.scrollTop = item.offsetTop - list.current.clientHeight / 3;
  });
  const isReady = useAfterFirst(turns.length > MANY_TURNS);
  const place = selected === undefined ? 0 : turns.indexOf(selected);
  const drawn = isReady ? turns : turns.slice(Math.max(0, place - AROUND), place + AROUND);
  const isRecorded = turns.some(({ row }) => row.user_text !== null || row.agent_text !== null);
  return (
    <section class="card pad transcript" aria-label="Transcript">
      <div class="card-head">
        <h2>Said</h2>
      </div>
      {!isRecorded && (
        <div class="teach dim">
          <p>
            What was said was not recorded. To record it, where that is allowed, set this where the agent
            runs:
          </p>
          <pre>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true</pre>
        </div>
      )}
      {isRecorded && (
        <ol ref={list} tabIndex={0}>
          {drawn.map((turn) => (
            <li key={turn.row.turn_index} aria-current={turn === selected ? 'true' : undefined}>
              <button type="button" onClick={() => onSelect(turn)}>
                <span class="dim small">
                  turn {turn.row.turn_index} · {tickText(turn.start, 1)}
                </span>
                {turn.row.user_text !== null && (
                  <span class="said">
                    <b class="who-user">caller</b> {turn.row.user_text}
                  </span>
                )}
                {turn.row.eou_latency !== null && (
                  <span class="pause">{showSeconds(turn.row.eou_latency)}</span>
                )}
                {turn.row.agent_text !== null && (
                  <span class="said">
                    <b class="who-agent">agent</b> {turn.row.agent_text}
                    {turn.row.cut_off_by !== null && <i class="dim"> (cut off)</i>}
                  </span>
                )}
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

import { ownerName, ownerOf } from '../../../model/owners.ts';
import type { HeardTurn, TurnDetail } from '../../shared/api.ts';
import { showMoney, showSeconds, showShare, showWord } from '../../shared/format.ts';
import { EOU_SOURCE_WORDS, longestPart, longGap, partsOf, SEGMENT_WORDS } from '../../shared/insight.ts';
import { Badge, KnownFrom } from './badges.tsx';
import { CopyLink } from './copy-link.tsx';
import { HeardSilence } from './heard-silence.tsx';
import { SegmentBar } from './segment-bar.tsx';
import { TurnWaterfall } from './turn-waterfall.tsx';

interface Props {
  turn: TurnDetail;
  /** The same turn in the recording of the call. */
  heard: HeardTurn | undefined;
  traceUrl: string | undefined;
  hasSpans: boolean;
  onFacts(): void;
}

/** One turn: what its silence was made of, then what every stage did. */
export function TurnPanel({ turn, heard, traceUrl, hasSpans, onFacts }: Props) {
  const { row } = turn;
  return (
    <section class="card pad turn" aria-label={`Turn ${row.turn_index}`}>
      <div class="turn-head">
        <h2>Turn {row.turn_index}</h2>
        <Silence turn={turn} />
      </div>
      <HeardSilence turn={heard} />
      <p class="badges">
        <Known turn={turn} />
      </p>
      <SegmentBar turn={turn} />
      <TurnWaterfall turn={turn} />
      {!hasSpans && (
        <p class="dim">
          The spans of this call have left the journal (EARSHOT_SPAN_RETENTION): its rows are what is left.
        </p>
      )}
      <footer class="turn-foot dim">
        <span>
          cost <b>{showMoney(row.cost_total)}</b>
        </span>
        <span>
          trace{' '}
          {traceUrl === undefined ? (
            <span class="mono" title="Set EARSHOT_TRACE_URL to link it">
              {row.trace_id.slice(0, 12)}…
            </span>
          ) : (
            <a
              class="mono"
              href={traceUrl.replace('{trace_id}', encodeURIComponent(row.trace_id))}
              target="_blank"
              rel="noreferrer"
            >
              {row.trace_id.slice(0, 12)}…
            </a>
          )}{' '}
          <CopyLink text={row.trace_id} label="copy" withKey={false} />
        </span>
        {hasSpans && (
          <button type="button" class="plain" onClick={onFacts}>
            Raw facts
          </button>
        )}
      </footer>
    </section>
  );
}

function Silence({ turn: { row, segments } }: { turn: TurnDetail }) {
  if (row.eou_latency === null)
    return (
      <p class="dim">
        {row.initiator === 'agent'
          ? 'The agent opens: no one waited.'
          : 'How long the caller waited is not known, or no one did.'}
      </p>
    );
  const longest = longestPart(partsOf(segments));
  const gap = longGap(row);
  return (
    <p>
      <strong class="figure">{showSeconds(row.eou_latency)}</strong> of silence
      {longest && (
        <>
          {' '}
          – <b class={`ink-${longest.segment}`}>{showShare(longest.share)}</b>{' '}
          {SEGMENT_WORDS[longest.segment]} · {ownerName(ownerOf(longest.segment, row))}
        </>
      )}
      {gap && (
        <>
          ; then <b>{showSeconds(gap.seconds)}</b> inside the answer
          {gap.owner && (
            <>
              {' '}
              · <span class={`ink-${gap.owner.segment}`}>{ownerName(gap.owner)}</span>
            </>
          )}
        </>
      )}
    </p>
  );
}

/** How the figures of the turn are known. */
function Known({ turn: { row } }: { turn: TurnDetail }) {
  return (
    <>
      {row.eou_source !== null && (
        <Badge
          title={`The end of the caller’s words: ${EOU_SOURCE_WORDS[row.eou_source] ?? row.eou_source}`}
          kind={row.eou_source === 'vad' || row.eou_source === 'stt_word_end' ? '' : 'warn'}
        >
          end of speech: {row.eou_source}
        </Badge>
      )}
      {row.playback_source !== null && (
        <Badge
          title={
            row.playback_source === 'observed'
              ? 'The transport showed it'
              : 'Nothing showed it: worked out from the first audio'
          }
          kind={row.playback_source === 'observed' ? '' : 'warn'}
        >
          playback: {row.playback_source}
        </Badge>
      )}
      {row.usage_estimated === true && (
        <Badge kind="warn" title="The provider did not report all usage">
          usage estimated
        </Badge>
      )}
      <KnownFrom sources={row.sources} />
      {row.interruption_kind !== null && <Badge kind="bad">{showWord(row.interruption_kind)}</Badge>}
      {row.cut_off_by !== null && <Badge kind="warn">cut off by {row.cut_off_by}</Badge>}
      {row.error_type !== null && <Badge kind="bad">{row.error_type}</Badge>}
    </>
  );
}

import { ownerName, ownerOf } from '../../../model/owners.ts';
import type { CallAnswer, CallRow } from '../../shared/api.ts';
import {
  showCountOf,
  showDuration,
  showLimit,
  showMoment,
  showMoney,
  showSeconds,
  showShare,
  showWord,
  UNKNOWN,
} from '../../shared/format.ts';
import { longestPart, overTarget, partsOf, slowestTurn } from '../../shared/insight.ts';
import { ownerParts } from '../../shared/owners.ts';
import { callAddress, saidTenant, withParameters } from '../../shared/query.ts';
import { about } from '../app/about.ts';
import { lastCalls } from '../app/location.ts';
import { Badge, KnownFrom, Outcome } from './badges.tsx';
import { CopyLink } from './copy-link.tsx';

/** Who called whom and how it went, with what is to be known of the figures. */
export function CallHead({ data }: { data: CallAnswer }) {
  const { call, live } = data;
  const name = call.agent_name ?? call.service_name ?? 'Call';
  return (
    <header class="call-head">
      <div class="call-title">
        <a class="back" href={lastCalls.value} aria-label="All calls">
          ←
        </a>
        <h1>{name}</h1>
        <span class="mono dim cut">{call.call_id}</span>
        {live ? (
          <span class="live">
            <i class="dot" /> live
          </span>
        ) : (
          <Outcome outcome={call.outcome} />
        )}
        <span class="spacer" />
        <a class="button" href={`/api${callAddress(call)}`} download={`${call.call_id}.json`}>
          JSON
        </a>
        {!live && (
          <a
            class="button"
            href={fileAddress(call)}
            download={`${call.call_id}.earshot`}
            title="For earshot open and earshot replay, without what was said"
          >
            Save
          </a>
        )}
        {!live && data.turns.some(({ row }) => row.user_text !== null || row.agent_text !== null) && (
          <a
            class="button"
            href={fileAddress(call, 'true')}
            download={`${call.call_id}.earshot`}
            title="With everything that was said: it leaves the page with the file"
          >
            Save with words
          </a>
        )}
        {elsewhere(call.recording_url) && (
          <a class="button" href={call.recording_url ?? ''} target="_blank" rel="noopener noreferrer">
            Recording ↗
          </a>
        )}
        <a class="button" href={compareAddress(call)}>
          Compare
        </a>
        <CopyLink />
      </div>
      <p class="call-facts">
        {factsOf(call).map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
        <span>
          <b>{showMoney(call.cost_total)}</b>
          {call.cost_total !== null && call.unpriced.length > 0 && '+'}
        </span>
        {call.cost_platform !== null && (
          <span>
            {call.platform ?? 'platform'} charges <b>{showMoney(call.cost_platform)}</b>
          </span>
        )}
        <span>
          silence p50 <b>{showSeconds(call.eou_latency_p50)}</b>, p95{' '}
          <b>{showSeconds(call.eou_latency_p95)}</b>
        </span>
        <span>{interruptions(call)}</span>
        {speech(call).map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
        {call.sentiment_label !== null && <span>{call.sentiment_label}</span>}
      </p>
      <Doubts data={data} />
      <Answer data={data} />
    </header>
  );
}

/** A recording that another host has: opened there, and only by who wants to. What is no web address is shown with the facts. */
const elsewhere = (address: string | null): boolean =>
  address !== null &&
  /^https?:/.test(address) &&
  URL.canParse(address) &&
  new URL(address).origin !== window.location.origin;

const fileAddress = ({ tenant, call_id }: CallRow, content?: string) =>
  withParameters(`/api/calls/${encodeURIComponent(call_id)}/file`, new URLSearchParams(), {
    tenant: saidTenant(tenant),
    content,
  });

const compareAddress = ({ tenant, call_id }: CallRow) =>
  withParameters('/compare', new URLSearchParams(), { call_a: call_id, tenant_a: saidTenant(tenant) });

const turnsText = (count: number) => showCountOf(count, 'turn');

const factsOf = (call: CallRow) => [
  ...(saidTenant(call.tenant) === undefined ? [] : [`tenant ${call.tenant}`]),
  [call.direction, call.channel].filter(Boolean).join(' ') || 'direction unknown',
  ...(call.campaign_id === null ? [] : [`campaign ${call.campaign_id}`]),
  showMoment(call.started_at),
  showDuration(call.duration_seconds),
  turnsText(call.turn_count),
  ...(call.recording_url?.startsWith('s3:') ? [`recording ${call.recording_url}`] : []),
  `ended: ${call.end_reason === null ? UNKNOWN : showWord(call.end_reason)}`,
];

function interruptions({ interruption_count: count, unanswered_count: unanswered }: CallRow): string {
  const interrupted = count === null ? `${UNKNOWN} interruptions` : showCountOf(count, 'interruption');
  return unanswered !== null && unanswered > 0 ? `${interrupted}, ${unanswered} unanswered` : interrupted;
}

/** Who spoke how long, and how long no one did, as far as it is known. */
function speech({ user_speech_seconds: user, agent_speech_seconds: agent, dead_air_seconds: dead }: CallRow) {
  const spoken = [
    ...(user === null ? [] : [`user ${showSeconds(user)}`]),
    ...(agent === null ? [] : [`agent ${showSeconds(agent)}`]),
  ];
  return [
    ...(spoken.length > 0 ? [`speech: ${spoken.join(', ')}`] : []),
    ...(dead === null || dead === 0 ? [] : [`dead air ${showSeconds(dead)}`]),
  ];
}

/** What the figures of the call leave out, or only suppose, and those that no span gives. */
function Doubts({ data: { call, turns, spans, bill_list, live } }: { data: CallAnswer }) {
  const estimated = turns.filter(({ row }) => row.playback_source === 'estimated').length;
  const usage = turns.filter(({ row }) => row.usage_estimated === true).length;
  const doubts = [
    ...call.unpriced.map((name) => ({
      text: `not priced: ${name}`,
      title: 'No price, or no usage, is known: the cost is a lower bound',
    })),
    ...(usage > 0
      ? [{ text: `usage estimated in ${turnsText(usage)}`, title: 'The provider did not report all usage' }]
      : []),
    ...(estimated > 0
      ? [
          {
            text: `playback estimated in ${turnsText(estimated)}`,
            title: 'Nothing showed when the agent was heard',
          },
        ]
      : []),
    ...((call.clock_skew_count ?? 0) > 0
      ? [
          {
            text: `clocks disagree in ${turnsText(call.clock_skew_count ?? 0)}`,
            title: 'What compares two clocks is left out',
          },
        ]
      : []),
    ...((call.spans_dropped ?? 0) > 0
      ? [
          {
            text: `${showCountOf(call.spans_dropped ?? 0, 'span')} left out`,
            title: 'EARSHOT_MAX_CALL_SPANS',
          },
        ]
      : []),
    ...(spans === 0 && !live
      ? [{ text: 'spans have expired', title: 'Only the rows are left: no timeline, no waterfall' }]
      : []),
    ...(call.price_list === bill_list || spans === 0 || live
      ? []
      : [{ text: `priced with ${call.price_list}`, title: `Prices are now those of ${bill_list}` }]),
  ];
  if (doubts.length === 0 && call.sources === null) return null;
  return (
    <p class="doubts">
      {doubts.map(({ text, title }) => (
        <Badge key={text} kind="warn" title={title}>
          {text}
        </Badge>
      ))}
      <KnownFrom sources={call.sources} />
    </p>
  );
}

/** Where the call lost most of its time, in a sentence. */
function Answer({ data: { turns } }: { data: CallAnswer }) {
  const row = slowestTurn(turns.map((turn) => turn.row));
  const turn = turns.find((each) => each.row === row);
  const longest = turn && longestPart(partsOf(turn.segments));
  const over = overTarget(
    turns.map((each) => each.row),
    about.value.target_seconds,
  );
  if (!row || !longest) return null;
  return (
    <p class="answer">
      Longest wait: <b>turn {row.turn_index}</b>, {showSeconds(row.eou_latency)}, of which{' '}
      {showShare(longest.share)}{' '}
      <b class={`ink-${longest.segment}`}>{ownerName(ownerOf(longest.segment, row))}</b>.{' '}
      {over.turns > 1 && (
        <span class="dim">
          Of the silence over {showLimit(over.seconds)}, in {turnsText(over.turns)}:{' '}
          {ownerParts(over.owners).join(', ').replaceAll(' %', '\u00a0%')}.
        </span>
      )}
    </p>
  );
}

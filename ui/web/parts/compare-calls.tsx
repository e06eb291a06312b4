import type { CallAnswer, CallsAnswer, TurnDetail } from '../../shared/api.ts';
import {
  showCountOf,
  showDuration,
  showMoment,
  showMoney,
  showScore,
  showSeconds,
} from '../../shared/format.ts';
import { type CallName, callAddress, saidTenant, withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { navigate, query } from '../app/location.ts';
import { Outcome } from './badges.tsx';
import { CopyLink } from './copy-link.tsx';
import { Trouble } from './empty.tsx';
import { Timeline } from './timeline.tsx';
import { TurnStrip } from './turn-strip.tsx';

/** Two calls, one above the other, on one scale. */
export function CompareCalls({ a, b }: { a: CallName; b: CallName | undefined }) {
  const first = useFetched<CallAnswer>(`/api${callAddress(a)}`);
  const second = useFetched<CallAnswer>(b && `/api${callAddress(b)}`);
  const answers = [first.data, second.data].flatMap((data) => data ?? []);
  const silence = Math.max(0, ...answers.flatMap(({ call }) => call.eou_latency_max ?? []));
  const length = Math.max(1, ...answers.map(({ call }) => call.duration_seconds));
  return (
    <article class="call">
      <div class="card-head">
        <h1>Compare two calls</h1>
        <span class="spacer" />
        <a class="button" href={selectionsAddress(a)}>
          Compare selections
        </a>
        <CopyLink />
      </div>
      {[first.error, second.error].map((error) => error && <Trouble key={error} error={error} />)}
      {first.data && <OneCall data={first.data} side="a" silence={silence} length={length} />}
      {b === undefined && <OtherChoice first={a} />}
      {second.data && <OneCall data={second.data} side="b" silence={silence} length={length} />}
    </article>
  );
}

/** Two selections to choose, both of the call's tenant. */
function selectionsAddress({ tenant }: CallName): string {
  const side = withParameters('', new URLSearchParams(), { tenant: saidTenant(tenant) }).slice(1);
  return withParameters('/compare', new URLSearchParams(), { a: side, b: side });
}

interface OneCallProps {
  data: CallAnswer;
  side: 'a' | 'b';
  /** The longest silence and the longest call of both, in seconds. */
  silence: number;
  length: number;
}

function OneCall({ data, side, silence, length }: OneCallProps) {
  const { call, turns } = data;
  const address = callAddress(call);
  const open = ({ row }: TurnDetail) => navigate(callAddress(call, '', row.turn_index));
  return (
    <section class={`card pad side-${side}`} aria-label={`Call ${side.toUpperCase()}`}>
      <div class="call-title">
        <h2>
          {side.toUpperCase()}: <a href={address}>{call.agent_name ?? call.service_name ?? call.call_id}</a>
        </h2>
        <span class="mono dim cut">{call.call_id}</span>
        <Outcome outcome={call.outcome} />
        {side === 'b' && (
          <a
            class="button"
            href={withParameters('/compare', query.value, { call_b: undefined, tenant_b: undefined })}
          >
            Another
          </a>
        )}
      </div>
      <p class="call-facts">
        <span>{showMoment(call.started_at)}</span>
        <span>{showDuration(call.duration_seconds)}</span>
        <span>{showCountOf(call.turn_count, 'turn')}</span>
        <span>
          silence p50 <b>{showSeconds(call.eou_latency_p50)}</b>, p95{' '}
          <b>{showSeconds(call.eou_latency_p95)}</b>
        </span>
        <span>
          <b>{showMoney(call.cost_total)}</b>
        </span>
        {(data.scores ?? []).map((score) => (
          <span key={score.name}>
            {score.name} <b>{showScore(score)}</b>
          </span>
        ))}
      </p>
      <TurnStrip turns={turns} selected={undefined} onSelect={open} atLeast={silence} />
      {data.spans > 0 && <Timeline data={data} selected={undefined} onSelect={open} atLeast={length} />}
    </section>
  );
}

/** Calls to compare with: the newest. */
function OtherChoice({ first }: { first: CallName }) {
  const { data } = useFetched<CallsAnswer>('/api/calls?limit=30');
  const others = (data?.calls ?? []).filter(({ call }) => callAddress(call) !== callAddress(first));
  return (
    <section class="card pad" aria-label="Call B">
      <h2>Compare with</h2>
      <ul class="other-calls">
        {others.map(({ call }) => (
          <li key={callAddress(call)}>
            <a
              href={withParameters('/compare', query.value, {
                call_b: call.call_id,
                tenant_b: saidTenant(call.tenant),
              })}
            >
              {call.agent_name ?? call.service_name ?? call.call_id}
            </a>{' '}
            <span class="dim">
              {saidTenant(call.tenant) && `${call.tenant}, `}
              {showMoment(call.started_at)}, p95 {showSeconds(call.eou_latency_p95)},{' '}
              {showMoney(call.cost_total)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

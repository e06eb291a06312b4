import type { ListedCall } from '../../shared/api.ts';
import { showDuration, showInstant, showMoney, showSeconds } from '../../shared/format.ts';
import { callAddress, saidTenant } from '../../shared/query.ts';
import { Outcome } from './badges.tsx';
import type { RowContext } from './call-columns.tsx';
import { TurnColumns } from './turn-columns.tsx';

/** A call in a list on a phone: what matters most in two lines. */
export function CallCard({
  listed: { call, turns, live },
  context,
}: {
  listed: ListedCall;
  context: RowContext;
}) {
  const p95 = call.eou_latency_p95;
  return (
    <div role="cell" class="call-card">
      <a class="cut" href={callAddress(call)}>
        {call.agent_name ?? call.service_name ?? call.call_id}
      </a>
      <span class="card-outcome">
        {live ? (
          <span class="live">
            <i class="dot" /> live
          </span>
        ) : (
          <Outcome outcome={call.outcome} />
        )}
      </span>
      <b class={p95 !== null && p95 > context.target ? 'over end' : 'end'}>{showSeconds(p95)}</b>
      <span class="dim small">
        {saidTenant(call.tenant) && `${call.tenant} · `}
        {showInstant(call.started_at, context.now)} · {showDuration(call.duration_seconds)} ·{' '}
        {showMoney(call.cost_total)}
      </span>
      <span class="card-turns">
        <TurnColumns turns={turns} top={context.top} target={context.target} width={110} height={24} />
      </span>
    </div>
  );
}

import { ownerName } from '../../../model/owners.ts';
import type { IncidentAnswer, IncidentRow } from '../../shared/api.ts';
import { showCount, showInstant, showLimit, showMoment, showSeconds } from '../../shared/format.ts';
import { incidentLine, incidentOwner } from '../../shared/incidents.ts';
import { callAddress, saidTenant } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { openIncidents } from '../app/incidents.ts';
import { CopyLink } from '../parts/copy-link.tsx';
import { Trouble } from '../parts/empty.tsx';

/** One incident: since when and by how much, what the budget is spent on, and its slowest turns. */
export function IncidentView({ id }: { id: string }) {
  const { data, error } = useFetched<IncidentAnswer>(`/api/incidents/${id}`, openIncidents.value);
  if (error !== undefined) return <Trouble error={error} />;
  if (data === undefined) return <p class="dim">…</p>;
  const { incident, slow_turns } = data;
  return (
    <>
      <h1>{incidentOwner(incident)}</h1>
      <p>
        <strong>{incidentLine(incident)}</strong>
      </p>
      <p class="dim">
        {saidTenant(incident.tenant) !== undefined && `Of the tenant ${incident.tenant}. `}
        Opened {showMoment(incident.opened_at)},{' '}
        {incident.closed_at === undefined
          ? 'and open'
          : `closed ${showMoment(incident.closed_at)}: ${incident.closed_as}`}
        . <CopyLink />
      </p>
      <Sides incident={incident} />
      <Spent incident={incident} />
      <SlowTurns turns={slow_turns} />
    </>
  );
}

function Sides({ incident }: { incident: IncidentRow }) {
  const { baseline, before, after, since, budget_seconds } = incident;
  const now = new Date();
  const sides = [
    {
      name: `before: ${showInstant(baseline.from, now)} to ${showInstant(baseline.until, now)}`,
      of: before,
    },
    { name: `since ${showInstant(since, now)}`, of: after },
  ];
  return (
    <section class="card pad" aria-label="Before and since">
      <table class="compare-table">
        <thead>
          <tr class="compare-row compare-head">
            <th scope="col">what it took</th>
            <th scope="col">turns</th>
            <th scope="col">calls</th>
            <th scope="col">p50</th>
            <th scope="col">p95</th>
            <th scope="col">silent for over {showLimit(budget_seconds)}</th>
          </tr>
        </thead>
        <tbody>
          {sides.map(({ name, of }) => (
            <tr key={name} class="compare-row">
              <th scope="row">{name}</th>
              <td>{showCount(of.turns)}</td>
              <td>{showCount(of.calls)}</td>
              <td>{showSeconds(of.p50)}</td>
              <td>{showSeconds(of.p95)}</td>
              <td>
                {showCount(of.over_budget)} of {showCount(of.silences)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Spent({ incident: { before, after } }: { incident: IncidentRow }) {
  const owners = [...new Map([...after.spent, ...before.spent].map((each) => [each.name, each])).values()];
  const seconds = (side: IncidentRow['before'], name: string) =>
    side.spent.find((each) => each.name === name)?.seconds;
  return (
    <section class="card pad" aria-label="What the budget is spent on">
      <table class="compare-table">
        <thead>
          <tr class="compare-row compare-head">
            <th scope="col">silence of a turn, on average</th>
            <th scope="col">before</th>
            <th scope="col">since</th>
          </tr>
        </thead>
        <tbody>
          {owners.map((owner) => (
            <tr key={owner.name} class="compare-row">
              <th scope="row">{ownerName(owner)}</th>
              <td>{showSeconds(seconds(before, owner.name))}</td>
              <td>{showSeconds(seconds(after, owner.name))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function SlowTurns({ turns }: { turns: IncidentAnswer['slow_turns'] }) {
  const now = new Date();
  if (turns.length === 0) return <p class="dim">No turn of it is in the rows any more.</p>;
  return (
    <section class="card pad" aria-label="Slow turns">
      <table class="compare-table">
        <thead>
          <tr class="compare-row compare-head">
            <th scope="col">turn</th>
            <th scope="col">agent</th>
            <th scope="col">began</th>
            <th scope="col">it took</th>
            <th scope="col">silence</th>
          </tr>
        </thead>
        <tbody>
          {turns.map((turn) => (
            <tr key={`${turn.tenant} ${turn.call_id} ${turn.turn_index}`} class="compare-row">
              <th scope="row">
                <a href={callAddress(turn, '', turn.turn_index)}>
                  {turn.call_id}, turn {turn.turn_index}
                </a>
              </th>
              <td>{turn.agent_name ?? '–'}</td>
              <td>{showInstant(turn.created_at, now)}</td>
              <td>{showSeconds(turn.seconds)}</td>
              <td>{showSeconds(turn.eou_latency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

import type { IncidentsAnswer } from '../../shared/api.ts';
import { showDayAndHour, showSeconds, showShare } from '../../shared/format.ts';
import { incidentOwner, ofTenants } from '../../shared/incidents.ts';
import { filtersOf, INCIDENT_FILTERS } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { openIncidents } from '../app/incidents.ts';
import { query } from '../app/location.ts';
import { Badge } from '../parts/badges.tsx';
import { Empty, Trouble } from '../parts/empty.tsx';

/** What took longer than in the hour before, the latest first. */
export function IncidentsView() {
  const filters = filtersOf(query.value, INCIDENT_FILTERS);
  const { data, error } = useFetched<IncidentsAnswer>(`/api/incidents?${filters}`, openIncidents.value);
  const areOfTenants = data !== undefined && ofTenants(data.incidents);
  return (
    <>
      <h1>Incidents</h1>
      {error !== undefined && <Trouble error={error} />}
      {data?.incidents.length === 0 && (
        <Empty title="No incident">
          <p>
            In this time nothing took longer than in the hour before it, as far as earshot serve has looked.
          </p>
        </Empty>
      )}
      {data !== undefined && data.incidents.length > 0 && (
        <section class="card pad" aria-label="Incidents">
          <table class="compare-table">
            <thead>
              <tr class="compare-row compare-head">
                <th scope="col">owner</th>
                {areOfTenants && <th scope="col">tenant</th>}
                <th scope="col">since</th>
                <th scope="col">over</th>
                <th scope="col">p95 before → since</th>
                <th scope="col">over the budget</th>
              </tr>
            </thead>
            <tbody>
              {data.incidents.map((incident) => (
                <tr key={incident.id} class="compare-row">
                  <th scope="row">
                    <a href={`/incidents/${incident.id}`}>{incidentOwner(incident)}</a>
                  </th>
                  {areOfTenants && <td class="tenant">{incident.tenant}</td>}
                  <td>{showDayAndHour(new Date(incident.since))}</td>
                  <td>
                    {incident.closed_at === undefined ? (
                      <Badge kind="bad">open</Badge>
                    ) : (
                      showDayAndHour(new Date(incident.recovered_at ?? incident.closed_at))
                    )}
                  </td>
                  <td>
                    {showSeconds(incident.before.p95)} → {showSeconds(incident.after.p95)}
                  </td>
                  <td>{showShare(incident.after.over_budget / incident.after.silences)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

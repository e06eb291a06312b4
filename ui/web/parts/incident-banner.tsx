import { incidentLine, ofTenants } from '../../shared/incidents.ts';
import { openIncidents } from '../app/incidents.ts';

const MOST = 3;

/** What takes longer than it did an hour before, on every view. Nothing, where nothing does. */
export function IncidentBanner() {
  const open = openIncidents.value;
  if (open.length === 0) return null;
  const areOfTenants = ofTenants(open);
  return (
    <aside class="trouble incident-banner" aria-label="Open incidents">
      <ul>
        {open.slice(0, MOST).map((incident) => (
          <li key={incident.id}>
            <a href={`/incidents/${incident.id}`}>
              {areOfTenants && `${incident.tenant}: `}
              {incidentLine(incident)}
            </a>
          </li>
        ))}
        {open.length > MOST && (
          <li>
            <a href="/incidents">{open.length - MOST} more</a>
          </li>
        )}
      </ul>
    </aside>
  );
}

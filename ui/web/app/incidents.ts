import { signal } from '@preact/signals';
import type { IncidentRow, IncidentsAnswer } from '../../shared/api.ts';
import { ask } from './fetching.ts';

const EVERY_MS = 60_000;

/** The incidents that are open, as they were a minute ago at the latest. */
export const openIncidents = signal<readonly IncidentRow[]>([]);

/** Asks for them again and again, for as long as the page is open. */
export function followIncidents(): void {
  const look = () =>
    ask<IncidentsAnswer>('/api/incidents?open=1').then(
      ({ incidents }) => {
        openIncidents.value = incidents;
      },
      // What it says next time counts.
      () => {},
    );
  void look();
  setInterval(() => void look(), EVERY_MS);
}

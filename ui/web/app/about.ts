import { signal } from '@preact/signals';
import type { AboutAnswer } from '../../shared/api.ts';
import { ask } from './fetching.ts';

/** What the server says of itself; until it has, silences are measured against the usual target. */
export const about = signal<AboutAnswer>({ version: '', target_seconds: 1.2, authenticated: false });

export function learnAbout(): void {
  ask<AboutAnswer>('/api/about').then(
    (answer) => {
      about.value = answer;
    },
    () => {},
  );
}

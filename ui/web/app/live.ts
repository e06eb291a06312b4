import { signal } from '@preact/signals';
import type { FinishedEvent, ListedCall, LiveEvent } from '../../shared/api.ts';

/** Calls that go on, as they are now. */
export const running = signal<readonly ListedCall[]>([]);
/** Counts up when calls got their rows: what lists calls asks again. */
export const finishedVersion = signal(0);
/** Whether news come. */
export const isFollowing = signal(false);

/** Follows what happens, for as long as the page is open; the browser connects again by itself. */
export function follow(): void {
  const source = new EventSource('/api/live');
  source.addEventListener('open', () => {
    isFollowing.value = true;
  });
  source.addEventListener('error', () => {
    isFollowing.value = false;
  });
  source.addEventListener('running', (event) => {
    running.value = (JSON.parse(event.data) as LiveEvent).running;
  });
  source.addEventListener('finished', (event) => {
    const { calls } = JSON.parse(event.data) as FinishedEvent;
    finishedVersion.value += calls.length;
  });
}

import { setTimeout as pause } from 'node:timers/promises';
import type { MessageFate } from '../metrics/incident-metrics.ts';
import { claimMessage, type Database, forgetMessage, putOffMessage } from '../store/index.ts';
import type { Webhook } from './webhook.ts';

/** No one else takes a message that is being sent, in milliseconds. */
const LEASE_MS = 60_000;
const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
/** After each attempt that failed, in milliseconds, as Standard Webhooks advises; then it is given up, after some three days. */
const AGAIN_AFTER_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** Messages are sent for so long at a stretch, in milliseconds, and to the end of the one at hand: looks are not to wait. */
const STRETCH_MS = 10_000;

/**
 * Sends messages that are due, one after the other, until one is not taken or they have taken long enough: who does not answer
 * one would not answer the next. What is left is sent at the next call.
 * @throws the driver's error
 */
export async function sendDue(
  db: Database,
  webhook: Pick<Webhook, 'send'>,
  { signal, onFate }: { signal: AbortSignal; onFate: (fate: MessageFate, why?: string) => void },
): Promise<void> {
  const untilMs = performance.now() + STRETCH_MS;
  while (!signal.aborted && performance.now() < untilMs) {
    const message = await claimMessage(db, LEASE_MS);
    if (message === undefined) return;
    const sent = await webhook.send(message, signal);
    const againMs = AGAIN_AFTER_MS[message.attempts - 1];
    if (sent.as === 'taken') onFate('taken');
    else if (sent.as === 'again' && againMs !== undefined) {
      // Messages of an outage do not all come back at once.
      await putOffMessage(db, message.id, againMs * (0.9 + 0.2 * Math.random()));
      onFate('again', sent.why);
      return;
    } else onFate(sent.as === 'refused' ? 'refused' : 'given_up', sent.why);
    await forgetMessage(db, message.id);
    await pause(0);
  }
}

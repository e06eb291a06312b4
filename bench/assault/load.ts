import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Database } from '../../exporter/store/database.ts';
import type { LoadOrder, LoadReport } from '../load-client.ts';
import { LoadRequests, type RequestId } from '../load-requests.ts';
import type { Target } from './attacks.ts';

const CONNECTIONS = 16;
/** Spans that are stored of a request. */
const STORED = 450;
const MOST_PER_SECOND = 60_000;
/** Bodies are made beforehand: so many seconds of them are held at once. */
const ROUND_MS = 15_000;

/** The load of bench/serve-load.ts, for as long as it is wanted. */
export class Load {
  readonly #target: Target;
  readonly #parts = new LoadRequests().parts;
  readonly statuses: Record<string, number> = {};
  readonly latenciesMs: number[] = [];
  acknowledged = 0;
  lost = 0;
  #round = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /** What it takes when it is asked for as much as it can, in requests a second. */
  async most(seconds: number): Promise<number> {
    const report = await this.#run({
      requests: this.#next((MOST_PER_SECOND * seconds) / STORED),
      durationMs: seconds * 1_000,
    });
    return (report.statuses[200] ?? 0) / report.seconds;
  }

  /** So many requests a second, until the signal. Spans that were acknowledged and are not in the journal are lost. */
  async keep(perSecond: number, db: Database, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const report = await this.#run({
        requests: this.#next((perSecond * ROUND_MS) / 1_000),
        durationMs: ROUND_MS,
        perSecond,
      });
      for (const [status, count] of Object.entries(report.statuses)) {
        this.statuses[status] = (this.statuses[status] ?? 0) + count;
      }
      this.latenciesMs.push(...report.latenciesMs);
      this.acknowledged += report.acknowledged.length;
      this.lost += await missing(db, report.acknowledged);
    }
  }

  #next(count: number): RequestId[] {
    const ids: RequestId[] = [];
    while (ids.length < count) {
      this.#round += 1;
      for (let part = 0; part < this.#parts; part += 1) ids.push({ round: this.#round, part });
    }
    return ids.slice(0, Math.ceil(count));
  }

  async #run(order: Pick<LoadOrder, 'requests' | 'durationMs' | 'perSecond'>): Promise<LoadReport> {
    const child = fork(new URL('../load-client.js', import.meta.url), { serialization: 'advanced' });
    const { url, token } = this.#target;
    child.send({ together: false, connections: CONNECTIONS, url, token, ...order } satisfies LoadOrder);
    await once(child, 'message');
    child.send('go');
    const [[report]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
    return report as LoadReport;
  }
}

/** How many of these spans the journal has not. Asked again where the table is locked. */
async function missing(db: Database, ids: readonly string[]): Promise<number> {
  let lost = 0;
  for (let from = 0; from < ids.length; from += 20_000) {
    const slice = ids.slice(from, from + 20_000);
    const [row] = await db.query<{ found: number }>(
      `SELECT count(*)::int AS found FROM UNNEST($1::text[]) AS k (id)
       JOIN :schema.call_spans s ON s.trace_id = left(k.id, 32) AND s.span_id = substr(k.id, 33)`,
      [slice],
    );
    lost += slice.length - (row?.found ?? 0);
  }
  return lost;
}

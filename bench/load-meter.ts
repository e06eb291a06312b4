import { fork } from 'node:child_process';
import { once } from 'node:events';
import type pg from 'pg';
import { poll } from '../test/support/poll.ts';
import type { Target } from './collector.ts';
import type { LoadOrder, LoadReport } from './load-client.ts';
import type { RequestId } from './load-requests.ts';
import { cpuSeconds, parentOf, treeCpuSeconds } from './process-cpu.ts';

/** What one measurement gave. */
export interface Measured extends LoadReport {
  readonly spans: number;
  /** Calls that had ended and had no rows yet when the load ended; and calls that had rows in the end. */
  readonly backlog: number;
  readonly finalized: number;
  readonly perSecond: number;
  /** Microseconds of CPU a span, of the server and of the database, until all calls that have ended have their rows. */
  readonly serveUs: number;
  readonly databaseUs: number;
}

type Load = Omit<LoadOrder, 'url' | 'together'> & { readonly together?: boolean };

/** Loads a server from a process of its own. `onGo`: the client has made all bodies, and begins. */
export async function load(target: Target, order: Load, onGo: () => void): Promise<LoadReport> {
  const child = fork(new URL('load-client.js', import.meta.url), { serialization: 'advanced' });
  child.send({ together: false, ...order, url: target.url } satisfies LoadOrder);
  await once(child, 'message');
  onGo();
  child.send('go');
  const [[report]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [
    [LoadReport],
    unknown,
  ];
  return report;
}

/** Loads one `earshot serve` process and says what that cost it and its database. */
export class LoadMeter {
  readonly #client: pg.Client;
  readonly #serve: Target;
  /** Requests that a round consists of. */
  readonly #parts: number;
  #postmaster = 0;
  #round = 0;

  constructor(client: pg.Client, serve: Target, parts: number) {
    this.#client = client;
    this.#serve = serve;
    this.#parts = parts;
  }

  /** Finds the database's processes. */
  async open(): Promise<void> {
    const [row] = (await this.#client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    this.#postmaster = parentOf(row?.pid ?? 0);
  }

  async measure(order: Load): Promise<Measured> {
    const cpu = () => [cpuSeconds(this.#serve.pid), treeCpuSeconds(this.#postmaster)] as const;
    let before = cpu();
    const report = await load(this.#serve, order, () => {
      before = cpu();
    });
    const spans = report.acknowledged.length;
    const backlog = await this.#waiting();
    await poll(async () => (await this.#waiting()) === 0, { deadlineMs: 300_000, intervalMs: 100 });
    const after = cpu();
    const [row] = (await this.#client.query<{ stored: number; finalized: number }>(BOOKS)).rows;
    if (row === undefined || row.stored < spans)
      throw new Error(`${row?.stored} spans of ${spans} are stored.`);
    return {
      ...report,
      spans,
      backlog,
      finalized: row.finalized,
      perSecond: spans / report.seconds,
      serveUs: ((after[0] - before[0]) / spans) * 1e6,
      databaseUs: ((after[1] - before[1]) / spans) * 1e6,
    };
  }

  /** Calls that have ended and have no rows. */
  async #waiting(): Promise<number> {
    const [row] = (await this.#client.query<{ calls: number }>(WAITING)).rows;
    return row?.calls ?? 0;
  }

  nextRound(): number {
    this.#round += 1;
    return this.#round;
  }

  /** So many requests that were never sent before. */
  next(count: number): RequestId[] {
    const ids: RequestId[] = [];
    while (ids.length < count) {
      const round = this.nextRound();
      for (let part = 0; part < this.#parts; part += 1) ids.push({ round, part });
    }
    return ids.slice(0, count);
  }

  /** Nothing in the tables, and nothing under way. */
  async empty(): Promise<void> {
    await poll(
      async () => {
        await this.#client.query(
          'TRUNCATE earshot.call_spans, earshot.call_queue, earshot.call_logs, earshot.call_metrics',
        );
        return true;
      },
      { deadlineMs: 30_000 },
    );
    await this.#client.query('CHECKPOINT');
  }
}

const WAITING = 'SELECT count(*)::int AS calls FROM earshot.call_queue WHERE ended';
const BOOKS = `\
SELECT (SELECT count(*) FROM earshot.call_spans)::int AS stored,
  (SELECT count(*) FROM earshot.call_metrics)::int AS finalized`;

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type pg from 'pg';
import type { ServeProcess } from '../test/support/otlp-server.ts';
import { poll } from '../test/support/poll.ts';
import type { LoadOrder, LoadReport } from './load-client.ts';
import type { RequestId } from './load-requests.ts';
import { cpuSeconds, parentOf, treeCpuSeconds } from './process-cpu.ts';

/** What one measurement gave. */
export interface Measured extends LoadReport {
  readonly spans: number;
  /** Calls that had ended and had no rows yet, at the end; and calls that had. */
  readonly backlog: number;
  readonly finalized: number;
  readonly perSecond: number;
  /** Microseconds of CPU a span, of the server and of the database. */
  readonly serveUs: number;
  readonly databaseUs: number;
}

/** Loads one `earshot serve` process and says what that cost it and its database. */
export class LoadMeter {
  readonly #client: pg.Client;
  readonly #serve: ServeProcess;
  /** Requests that a round consists of. */
  readonly #parts: number;
  #postmaster = 0;
  #round = 0;

  constructor(client: pg.Client, serve: ServeProcess, parts: number) {
    this.#client = client;
    this.#serve = serve;
    this.#parts = parts;
  }

  /** Finds the database's processes. */
  async open(): Promise<void> {
    const [row] = (await this.#client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    this.#postmaster = parentOf(row?.pid ?? 0);
  }

  async measure(order: Omit<LoadOrder, 'url' | 'together'> & { together?: boolean }): Promise<Measured> {
    const child = fork(new URL('load-client.js', import.meta.url), { serialization: 'advanced' });
    child.send({ together: false, ...order, url: this.#serve.url } satisfies LoadOrder);
    await once(child, 'message');
    const before = [cpuSeconds(this.#serve.pid), treeCpuSeconds(this.#postmaster)] as const;
    child.send('go');
    const [[report]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [
      [LoadReport],
      unknown,
    ];
    const used = [
      cpuSeconds(this.#serve.pid) - before[0],
      treeCpuSeconds(this.#postmaster) - before[1],
    ] as const;
    const spans = report.acknowledged.length;
    const [row] = (await this.#client.query<{ stored: number; backlog: number; finalized: number }>(BOOKS))
      .rows;
    if (row === undefined || row.stored < spans)
      throw new Error(`${row?.stored} spans of ${spans} are stored.`);
    return {
      ...report,
      spans,
      backlog: row.backlog,
      finalized: row.finalized,
      perSecond: spans / report.seconds,
      serveUs: (used[0] / spans) * 1e6,
      databaseUs: (used[1] / spans) * 1e6,
    };
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

const BOOKS = `\
SELECT (SELECT count(*) FROM earshot.call_spans)::int AS stored,
  (SELECT count(*) FROM earshot.call_queue WHERE ended)::int AS backlog,
  (SELECT count(*) FROM earshot.call_metrics)::int AS finalized`;

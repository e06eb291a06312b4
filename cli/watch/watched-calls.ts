import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, getCallMetrics } from '../../exporter/store/index.ts';
import type { Fact } from '../../model/facts.ts';
import type { Receiving } from '../receiving.ts';

/** For another process that has taken one of the calls. */
const ROWS_DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** The calls that were heard of while a command ran. */
export class WatchedCalls {
  readonly #ids = new Set<string>();

  heard(facts: readonly Fact[]): void {
    for (const { callId } of facts) this.#ids.add(callId);
  }

  get ids(): readonly string[] {
    return [...this.#ids];
  }

  /** Has them all turned into rows now, ended or not: the command has ended, and nothing more will come. */
  async finish(receiving: Receiving, db: Database): Promise<void> {
    await receiving.collectSpool();
    await receiving.finalize(this.ids);
    const deadline = performance.now() + ROWS_DEADLINE_MS;
    for (const id of this.ids)
      while ((await getCallMetrics(db, id)) === undefined && performance.now() < deadline)
        await sleep(LOOK_EVERY_MS);
  }
}

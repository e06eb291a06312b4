import type { Fact } from '../../model/facts.ts';
import type { PipelineMetrics } from '../metrics/pipeline-metrics.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import { SpoolQueue } from './spool-queue.ts';

const LOOK_EVERY_MS = 5_000;

export interface ReplayerOptions extends SpoolOptions {
  metrics: PipelineMetrics;
  /** Commits facts. What it throws means "not yet": they are written again later. */
  write: (facts: readonly Fact[]) => Promise<unknown>;
}

/**
 * Brings to the database what processes that are gone have left in a spool folder, for a process that keeps no spool
 * itself. Keeps no process alive. Returns the way to stop, which gives back what was not written.
 */
export function keepReplaying({ metrics, write, ...where }: ReplayerOptions): () => Promise<void> {
  const queue = new SpoolQueue(new Spool(where), metrics);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const next = (delayMs: number): void => {
    timer = setTimeout(() => {
      working = look();
    }, delayMs).unref();
  };
  const look = async (): Promise<void> => {
    let written = true;
    try {
      await queue.replay(async (facts) => void (await write(facts)));
    } catch {
      written = false;
    }
    if (!stopped) next(written && queue.pending ? 0 : LOOK_EVERY_MS);
  };
  next(0);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await working;
    queue.releaseSync();
  };
}

/**
 * Brings what processes that are gone have left to the database, all of it and now.
 * @throws what `write` throws; the rest stays in the spool.
 */
export async function replayAll({ metrics, write, ...where }: ReplayerOptions): Promise<void> {
  const queue = new SpoolQueue(new Spool(where), metrics);
  try {
    do await queue.replay(async (facts) => void (await write(facts)));
    while (queue.pending);
  } finally {
    queue.releaseSync();
  }
}

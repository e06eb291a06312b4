import type { Attributes, BatchObservableCallback, Meter } from '@opentelemetry/api';
import { ATTR, type Definition, METRICS } from '../../model/semconv.ts';
import type { QueueState } from '../store/queue.ts';
import { followMeter } from './meter.ts';

/** What the pipeline has done since it was made. */
export interface PipelineTotals {
  accepted: number;
  written: number;
  spooled: number;
  replayed: number;
  finalized: number;
  /** Lost, by reason. */
  dropped: Readonly<Record<string, number>>;
}

const description = ({ brief, unit }: Definition) => ({
  description: brief,
  ...(unit !== undefined && { unit }),
});

/** The pipeline's own metrics: what it took in, wrote, lost and has still to do. */
export class PipelineMetrics {
  readonly #totals = { accepted: 0, written: 0, spooled: 0, replayed: 0, finalized: 0 };
  readonly #dropped = new Map<string, number>();
  readonly #instruments = followMeter(
    (meter) => this.#create(meter),
    ({ stopObserving }) => stopObserving(),
  );
  #queueState: (() => Promise<QueueState>) | undefined;
  /** Undefined: retention has not looked yet. */
  #waitingDays: number | undefined;

  /** Numbers since the start, for those without a meter. */
  get totals(): PipelineTotals {
    return { ...this.#totals, dropped: Object.fromEntries(this.#dropped) };
  }

  accepted(spans: number): void {
    if (spans === 0) return;
    this.#totals.accepted += spans;
    this.#instruments().accepted.add(spans);
  }

  written(spans: number): void {
    this.#totals.written += spans;
    this.#instruments().written.add(spans);
  }

  dropped(spans: number, reason: string): void {
    if (spans === 0) return;
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + spans);
    this.#instruments().dropped.add(spans, { [ATTR.dropReason]: reason } satisfies Attributes);
  }

  spooled(spans: number): void {
    this.#totals.spooled += spans;
    if (spans > 0) this.#instruments().spooled.add(spans);
  }

  replayed(spans: number): void {
    this.#totals.replayed += spans;
    if (spans > 0) this.#instruments().replayed.add(spans);
  }

  finalized(calls: number): void {
    this.#totals.finalized += calls;
    this.#instruments().finalized.add(calls);
  }

  /** What a round of the retention has found: days that wait for an export, and days that went without one. */
  expired({ waiting, unexported }: { waiting: readonly unknown[]; unexported: readonly unknown[] }): void {
    this.#waitingDays = waiting.length;
    const { unexported: counted } = this.#instruments();
    if (unexported.length > 0) counted.add(unexported.length);
  }

  /** Where queue depth and age are read from, once there is a database. */
  observeQueue(state: () => Promise<QueueState>): void {
    this.#queueState = state;
    this.#instruments();
  }

  /** Stops observing the queue. */
  shutdown(): void {
    this.#queueState = undefined;
    this.#instruments().stopObserving();
  }

  #create(meter: Meter) {
    const counter = (definition: Definition) => meter.createCounter(definition.name, description(definition));
    const gauge = (definition: Definition) =>
      meter.createObservableGauge(definition.name, description(definition));
    const depth = gauge(METRICS.queueDepth);
    const resting = gauge(METRICS.queueResting);
    const oldestAge = gauge(METRICS.queueOldestAge);
    const waitingDays = gauge(METRICS.journalWaiting);
    const observe: BatchObservableCallback = async (result) => {
      if (this.#waitingDays !== undefined) result.observe(waitingDays, this.#waitingDays);
      // A database that is away has no depth to report: unknown is absent.
      const state = await this.#queueState?.().catch(() => undefined);
      if (state === undefined) return;
      result.observe(depth, state.waiting);
      result.observe(resting, state.resting);
      // Since it was due: a call that goes on is in the queue, too, and nothing is wrong with it.
      result.observe(oldestAge, Math.max(0, -(state.nextDueMs ?? 0)) / 1_000);
    };
    const observed = [depth, resting, oldestAge, waitingDays];
    meter.addBatchObservableCallback(observe, observed);
    return {
      accepted: counter(METRICS.spansAccepted),
      written: counter(METRICS.spansWritten),
      dropped: counter(METRICS.spansDropped),
      spooled: counter(METRICS.spansSpooled),
      replayed: counter(METRICS.spansReplayed),
      finalized: counter(METRICS.callsFinalized),
      unexported: counter(METRICS.journalUnexported),
      stopObserving: () => meter.removeBatchObservableCallback(observe, observed),
    };
  }
}

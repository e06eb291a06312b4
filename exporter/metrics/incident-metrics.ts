import type { BatchObservableCallback, Meter } from '@opentelemetry/api';
import type { WatchedOwner } from '../../model/incidents.ts';
import { ATTR, METRICS } from '../../model/semconv.ts';
import { followMeter } from './meter.ts';

/** What became of a message to the webhook. */
export type MessageFate = 'taken' | 'again' | 'refused' | 'given_up' | 'dropped';

/** What is known of incidents, as metrics. */
export class IncidentMetrics {
  #open: readonly WatchedOwner[] | undefined;
  readonly #instruments = followMeter(
    (meter) => this.#create(meter),
    ({ stopObserving }) => stopObserving(),
  );

  /** The owners of the incidents that are open; undefined: it is not known. */
  opened(owners: readonly WatchedOwner[] | undefined): void {
    this.#open = owners;
    this.#instruments();
  }

  message(fate: MessageFate, messages = 1): void {
    if (messages > 0) this.#instruments().messages.add(messages, { [ATTR.messageFate]: fate });
  }

  shutdown(): void {
    this.#instruments().stopObserving();
  }

  #create(meter: Meter) {
    const open = meter.createObservableGauge(METRICS.incidentsOpen.name, {
      description: METRICS.incidentsOpen.brief,
      unit: METRICS.incidentsOpen.unit,
    });
    const observe: BatchObservableCallback = (result) => {
      const counts = new Map<string, { owner: WatchedOwner; count: number }>();
      for (const owner of this.#open ?? []) {
        const key = JSON.stringify([owner.part, owner.provider, owner.model]);
        counts.set(key, { owner, count: (counts.get(key)?.count ?? 0) + 1 });
      }
      for (const { owner, count } of counts.values())
        result.observe(open, count, {
          [ATTR.incidentPart]: owner.part,
          ...(owner.provider !== undefined && { [ATTR.providerName]: owner.provider }),
          ...(owner.model !== undefined && { [ATTR.requestModel]: owner.model }),
        });
    };
    meter.addBatchObservableCallback(observe, [open]);
    return {
      messages: meter.createCounter(METRICS.incidentMessages.name, {
        description: METRICS.incidentMessages.brief,
        unit: METRICS.incidentMessages.unit,
      }),
      stopObserving: () => meter.removeBatchObservableCallback(observe, [open]),
    };
  }
}

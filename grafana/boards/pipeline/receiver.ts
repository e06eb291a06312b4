import { METRICS } from '../../../model/semconv.ts';
import { buckets, COLLECTOR, counter, gauge, LABEL, observations } from '../../names.ts';
import { lines } from '../../panels.ts';
import { overTime } from '../../queries.ts';
import { BAD, NO_COLLECTOR, NO_METRICS, rate } from './terms.ts';

const requests = `${observations(METRICS.httpServerDuration)}`;

export const receiver = {
  id: 20,
  title: 'Receiver and collector',
  panels: [
    lines({
      id: 21,
      title: 'Requests, by answer',
      description:
        'Requests to the receiver per second, by path and status. 503 asks the sender to try again; 4xx are refused for good.',
      unit: 'reqps',
      width: 8,
      empty: NO_METRICS,
      queries: [
        overTime(
          `sum by (${LABEL.httpRoute}, ${LABEL.httpStatus}) (${rate(requests)})`,
          `{{${LABEL.httpRoute}}} {{${LABEL.httpStatus}}}`,
        ),
      ],
    }),
    lines({
      id: 22,
      title: 'Time to answer',
      description: 'From the head of a request to its answer, which comes after the commit.',
      unit: 's',
      width: 8,
      empty: NO_METRICS,
      queries: ([0.5, 0.95, 0.99] as const).map((fraction) =>
        overTime(
          `histogram_quantile(${fraction}, sum by (le) (${rate(buckets(METRICS.httpServerDuration))}))`,
          `p${fraction * 100}`,
        ),
      ) as [ReturnType<typeof overTime>],
    }),
    lines({
      id: 23,
      title: 'Unanswered',
      description: 'Bytes of requests that are not answered yet. At the limit the receiver answers 503.',
      unit: 'bytes',
      width: 8,
      empty: NO_METRICS,
      queries: [overTime(`sum(${gauge(METRICS.receiverInFlight)})`, 'in flight')],
    }),
    lines({
      id: 24,
      title: 'Not understood',
      description:
        'Spans that are of no call, and attributes, events and texts that were left out or cut off for their number or size, per second.',
      unit: 'suffix: /s',
      width: 8,
      empty: NO_METRICS,
      queries: [
        overTime(`sum(${rate(counter(METRICS.spansIgnored))})`, 'spans of no call'),
        overTime(`sum(${rate(counter(METRICS.attributesLimited))})`, 'cut off'),
      ],
    }),
    lines({
      id: 25,
      title: "Collector's queues",
      description:
        'How full the queues of its exporters are. Full: what they send to is down, and data will be lost.',
      unit: 'percentunit',
      width: 8,
      empty: NO_COLLECTOR,
      max: 1,
      limits: [
        [0, 'green'],
        [0.5, 'orange'],
        [0.8, 'red'],
      ],
      limitLines: true,
      queries: [
        overTime(`max by (exporter) (${COLLECTOR.queueSize} / ${COLLECTOR.queueCapacity})`, '{{exporter}}'),
      ],
    }),
    lines({
      id: 26,
      title: "Collector's failures",
      description:
        'Spans that it refused or could not send, per second. What could not be sent is tried again.',
      unit: 'suffix: spans/s',
      width: 8,
      empty: NO_COLLECTOR,
      limits: BAD,
      queries: [
        overTime(`sum by (receiver) (${rate(COLLECTOR.refused)})`, 'refused by {{receiver}}'),
        overTime(`sum by (exporter) (${rate(COLLECTOR.sendFailed)})`, 'not sent by {{exporter}}'),
      ],
    }),
  ],
};

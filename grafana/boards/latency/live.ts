import { METRICS } from '../../../model/semconv.ts';
import { buckets, LABEL, RESPONSE_SPANS, SPAN_METRICS } from '../../names.ts';
import { heatmap, lines } from '../../panels.ts';
import { heat, overTime } from '../../queries.ts';
import { live, NO_METRICS, SILENCE_LIMITS, STAGE_SPANS } from './terms.ts';

export const liveSection = {
  id: 10,
  title: 'Live: as the collector sees the spans',
  panels: [
    lines({
      id: 11,
      title: 'EOU latency',
      description:
        'Percentiles of the response spans, estimated within histogram buckets. The points are single turns: each opens its trace in Jaeger. Not narrowed by agent, campaign, provider or model.',
      unit: 's',
      width: 12,
      empty: NO_METRICS,
      limits: SILENCE_LIMITS,
      limitLines: true,
      queries: [
        overTime(live(0.5, '', RESPONSE_SPANS), 'p50'),
        overTime(live(0.95, '', RESPONSE_SPANS), 'p95', { exemplars: true }),
        overTime(live(0.99, '', RESPONSE_SPANS), 'p99'),
      ],
    }),
    heatmap({
      id: 12,
      title: 'EOU latency, all turns',
      description:
        'How many turns fell into each range of EOU latency. The points are single turns: each opens its trace in Jaeger.',
      unit: 's',
      width: 12,
      empty: NO_METRICS,
      queries: [
        heat(
          `sum by (le) (increase(${SPAN_METRICS.durationBuckets}{${RESPONSE_SPANS}, ${LABEL.service}=~"$service"}[$__rate_interval]))`,
        ),
      ],
    }),
    lines({
      id: 13,
      title: 'Turns under target',
      description:
        'Share of the response spans that were at most as long as the target, which is a limit of the histogram: the share is exact.',
      unit: 'percentunit',
      width: 8,
      empty: NO_METRICS,
      max: 1,
      limits: [
        [0, 'red'],
        [0.9, 'orange'],
        [0.95, 'green'],
      ],
      limitLines: true,
      queries: [
        overTime(
          `sum(rate(${SPAN_METRICS.durationBuckets}{${RESPONSE_SPANS}, ${LABEL.service}=~"$service", le=~"$target(\\\\.0)?"}[$__rate_interval])) / sum(rate(${SPAN_METRICS.durationCount}{${RESPONSE_SPANS}, ${LABEL.service}=~"$service"}[$__rate_interval]))`,
          'under target',
        ),
      ],
    }),
    lines({
      id: 14,
      title: 'Stages, p95 duration',
      description:
        'Length of the stage spans, start to end. A stage that was cut off by the user counts, too.',
      unit: 's',
      width: 8,
      empty: NO_METRICS,
      queries: [overTime(live(0.95, LABEL.stage, STAGE_SPANS), `{{${LABEL.stage}}}`, { exemplars: true })],
    }),
    lines({
      id: 15,
      title: 'Stages, p95 time to first byte',
      description:
        'Stage start to first transcript, token or audio byte. Measured when calls are finalized; not narrowed by service, agent or campaign.',
      unit: 's',
      width: 8,
      empty: 'No live metrics: does Prometheus scrape the processes that finalize calls?',
      queries: [
        overTime(
          `histogram_quantile(0.95, sum by (le, ${LABEL.stage}) (rate(${buckets(METRICS.ttfb)}{${LABEL.provider}=~"$provider", ${LABEL.model}=~"$model"}[$__rate_interval])))`,
          `{{${LABEL.stage}}}`,
        ),
      ],
    }),
    lines({
      id: 16,
      title: 'Providers and models, p95 duration',
      description: 'Length of the stage spans by who ran them.',
      unit: 's',
      width: 16,
      empty: NO_METRICS,
      queries: [
        overTime(
          live(
            0.95,
            `${LABEL.stage}, ${LABEL.provider}, ${LABEL.model}`,
            `${STAGE_SPANS}, ${LABEL.provider}=~"$provider", ${LABEL.model}=~"$model"`,
          ),
          `{{${LABEL.stage}}} {{${LABEL.provider}}} {{${LABEL.model}}}`,
          { exemplars: true },
        ),
      ],
    }),
    lines({
      id: 17,
      title: 'Failed spans',
      description: 'Share of the stage spans that ended with an error.',
      unit: 'percentunit',
      width: 8,
      empty: NO_METRICS,
      limits: [
        [0, 'green'],
        [0.05, 'red'],
      ],
      limitLines: true,
      queries: [
        overTime(
          `sum by (${LABEL.stage}) (rate(${SPAN_METRICS.calls}{${STAGE_SPANS}, ${LABEL.service}=~"$service", ${LABEL.statusCode}="STATUS_CODE_ERROR"}[$__rate_interval])) / sum by (${LABEL.stage}) (rate(${SPAN_METRICS.calls}{${STAGE_SPANS}, ${LABEL.service}=~"$service"}[$__rate_interval]))`,
          `{{${LABEL.stage}}}`,
        ),
      ],
    }),
  ],
};

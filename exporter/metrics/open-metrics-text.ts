import type { Attributes } from '@opentelemetry/api';
import type { Histogram, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { vendored } from '../../vendor/opentelemetry.ts';
import { prometheusLabel, prometheusName } from './prometheus-name.ts';

const { DataPointType }: typeof import('@opentelemetry/sdk-metrics') = vendored('@opentelemetry/sdk-metrics');

/**
 * Metrics as OpenMetrics 1.0 text. A counter's family is named without the `_total` that its sample ends with, limits of
 * buckets are floats, and the page has an end. Units stand in the names, and not on lines of their own: OpenMetrics has
 * those only for units that end the name.
 */
export function openMetricsText({ resource, scopeMetrics }: ResourceMetrics): string {
  const lines = ['# HELP target_info Target metadata', '# TYPE target_info gauge'];
  lines.push(sample('target_info', resource.attributes, 1));
  for (const { metrics } of scopeMetrics) for (const metric of metrics) lines.push(...family(metric));
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

function family(metric: MetricData): readonly string[] {
  const { descriptor } = metric;
  const name = prometheusName(descriptor).replace(isCounter(metric) ? /_total$/ : /$^/, '');
  const head = (type: string) => [
    `# HELP ${name} ${escaped(descriptor.description || 'description missing')}`,
    `# TYPE ${name} ${type}`,
  ];
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return isCounter(metric)
        ? [
            ...head('counter'),
            ...metric.dataPoints.map((p) => sample(`${name}_total`, p.attributes, p.value)),
          ]
        : [...head('gauge'), ...metric.dataPoints.map((p) => sample(name, p.attributes, p.value))];
    case DataPointType.GAUGE:
      return [...head('gauge'), ...metric.dataPoints.map((p) => sample(name, p.attributes, p.value))];
    case DataPointType.HISTOGRAM:
      return [
        ...head('histogram'),
        ...metric.dataPoints.flatMap(({ attributes, value }) => histogram(name, attributes, value)),
      ];
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      // OpenMetrics has no such buckets. No metric of ours is one.
      return [];
    default:
      metric satisfies never;
      return [];
  }
}

const isCounter = (metric: MetricData): boolean =>
  metric.dataPointType === DataPointType.SUM && metric.isMonotonic;

function histogram(name: string, attributes: Attributes, { count, sum, buckets }: Histogram): string[] {
  const lines = [sample(`${name}_count`, attributes, count)];
  if (sum !== undefined) lines.push(sample(`${name}_sum`, attributes, sum));
  let upTo = 0;
  for (const [index, within] of buckets.counts.entries()) {
    upTo += within;
    const limit = buckets.boundaries[index] ?? Number.POSITIVE_INFINITY;
    lines.push(sample(`${name}_bucket`, { ...attributes, le: float(limit) }, upTo));
  }
  return lines;
}

function sample(name: string, attributes: Attributes, value: number): string {
  const labels = Object.entries(attributes).map(
    ([key, value]) => `${prometheusLabel(key)}="${labelOf(value)}"`,
  );
  return `${name}${labels.length > 0 ? `{${labels.join(',')}}` : ''} ${number(value)}`;
}

const labelOf = (value: unknown): string =>
  escaped(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replaceAll('"', '\\"');

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const number = (value: number): string =>
  Math.abs(value) === Number.POSITIVE_INFINITY ? `${value > 0 ? '+' : '-'}Inf` : `${value}`;

const float = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : number(value));

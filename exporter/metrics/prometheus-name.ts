import type { Definition } from '../../model/semconv.ts';

/** UCUM codes as Prometheus spells them out. Units in braces count something and are left out. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

/**
 * A metric's name in Prometheus, as OpenTelemetry's translation makes it, so that it is the same whether the metric is
 * read from a page or came through a collector: dots become underscores and the unit ends the name, once. What a type
 * adds comes after: `_total` for a counter; `_bucket`, `_count` and `_sum` for a histogram.
 *
 * `voice.eou.latency` in `s` is `voice_eou_latency_seconds`, `voice.call.cost` in `{USD}` is `voice_call_cost`.
 */
export function prometheusName({ name, unit = '' }: Pick<Definition, 'name' | 'unit'>): string {
  const translated = prometheusLabel(name);
  const suffix = UNITS[unit];
  return suffix === undefined || translated.endsWith(`_${suffix}`) ? translated : `${translated}_${suffix}`;
}

/** The label that an attribute becomes: `gen_ai.provider.name` is `gen_ai_provider_name`. */
export const prometheusLabel = (attribute: string): string =>
  attribute.replaceAll(/[^a-zA-Z0-9_]+/g, '_').replaceAll(/_{2,}/g, '_');

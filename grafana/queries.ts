import type { Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { variable } from './variable.ts';

/** Data sources are chosen by variables, so that the dashboards work in any Grafana. */
export const SOURCE = {
  prometheus: { type: 'prometheus', uid: variable('prometheus') },
  postgres: { type: 'grafana-postgresql-datasource', uid: variable('postgres') },
  jaeger: { type: 'jaeger', uid: variable('jaeger') },
} as const satisfies Record<string, DataSourceRef>;

/** A question to a data source. The panel numbers its questions. */
export interface Query {
  readonly source: DataSourceRef;
  build(refId: string): Dataquery;
}

interface PrometheusOptions {
  /** Show single measurements, each with a link to the trace that it came from. (Default: false.) */
  readonly exemplars?: boolean;
}

const prometheus = (expr: string, finish: (builder: DataqueryBuilder) => DataqueryBuilder): Query => ({
  source: SOURCE.prometheus,
  build: (refId) =>
    finish(new DataqueryBuilder().datasource(SOURCE.prometheus).refId(refId).expr(expr)).build(),
});

/** Prometheus over time. `legend` is a template over labels. */
export const overTime = (
  expr: string,
  legend: string,
  { exemplars = false }: PrometheusOptions = {},
): Query => prometheus(expr, (builder) => builder.legendFormat(legend).exemplar(exemplars).range());

/** Prometheus at the end of the time range. */
export const atTheEnd = (expr: string): Query =>
  prometheus(expr, (builder) => builder.legendFormat('__auto').instant());

/** Prometheus' classic histogram buckets as a heatmap, with exemplars. */
export const heat = (expr: string): Query =>
  prometheus(expr, (builder) =>
    builder.legendFormat('{{le}}').format(PromQueryFormat.Heatmap).exemplar(true).range(),
  );

const postgres = (rawSql: string, format: 'table' | 'time_series'): Query => ({
  source: SOURCE.postgres,
  build: (refId) =>
    // The SDK has no builder for PostgreSQL.
    ({
      refId,
      datasource: SOURCE.postgres,
      editorMode: 'code',
      rawQuery: true,
      rawSql,
      format,
      _implementsDataqueryVariant() {},
    }) as Dataquery,
});

/** SQL whose rows are shown as they are. */
export const rows = (sql: string): Query => postgres(sql, 'table');

/** SQL with a sorted column `time`; every other column is a series. */
export const timeSeries = (sql: string): Query => postgres(sql, 'time_series');

/** One trace of Jaeger, by its id. */
export const trace = (traceId: string): Query => ({
  source: SOURCE.jaeger,
  build: (refId) =>
    ({
      refId,
      datasource: SOURCE.jaeger,
      query: traceId,
      _implementsDataqueryVariant() {},
    }) as Dataquery,
});

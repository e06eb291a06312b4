import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../root.ts';

/**
 * Grafana's part in a query: what becomes of the variables and macros of a panel before PostgreSQL and Prometheus see
 * it. As of Grafana 13; each data source writes values in its own way.
 */

export interface GrafanaTarget {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  /** Prometheus. */
  readonly expr?: string;
  /** PostgreSQL. */
  readonly rawSql?: string;
  readonly format?: string;
  /** Jaeger: a trace id. */
  readonly query?: string;
}

export interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: GrafanaTarget['datasource'];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly GrafanaTarget[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly noValue?: string;
      readonly thresholds?: {
        readonly steps: readonly { readonly value: number | null; readonly color: string }[];
      };
    };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options?: unknown };
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
}

export interface GrafanaVariable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly description?: string;
  readonly query?: unknown;
  readonly datasource?: GrafanaTarget['datasource'];
  readonly refresh?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly current?: { readonly value: string | readonly string[] };
}

export interface GrafanaDashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly schemaVersion: number;
  readonly editable: boolean;
  readonly panels: readonly GrafanaPanel[];
  readonly templating: { readonly list: readonly GrafanaVariable[] };
}

/** The dashboards as they are committed. */
export function committedDashboards(): GrafanaDashboard[] {
  const folder = join(packageRoot, 'grafana/dashboards');
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

/** The panels that show something: all but the headings. */
export const panelsOf = (dashboard: GrafanaDashboard): readonly GrafanaPanel[] =>
  dashboard.panels.filter(({ type }) => type !== 'row');

/** What is chosen in the dashboard. Those of several values are written otherwise, even when one is chosen. */
export interface Choice {
  readonly values: readonly string[];
  readonly several: boolean;
}
export type Choices = ReadonlyMap<string, Choice>;

export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
  /** Least distance of two points, in seconds. (Default: 300.) */
  readonly intervalSeconds?: number;
}

/** Asks the database, as the data source would. */
export type AskSql = (sql: string) => Promise<readonly Record<string, unknown>[]>;

/**
 * The dashboard as it opens: variables with queries ask the database, "All" is every value that they found. `chosen`
 * replaces values, as a link or a user does.
 */
export async function openVariables(
  dashboard: GrafanaDashboard,
  ask: AskSql,
  range: TimeRange,
  chosen: Readonly<Record<string, string | readonly string[]>> = {},
): Promise<Choices> {
  const choices = new Map<string, Choice>();
  for (const variable of dashboard.templating.list) {
    const several = variable.multi === true || variable.includeAll === true;
    const given = chosen[variable.name];
    const values =
      given !== undefined
        ? [given].flat()
        : variable.type === 'query'
          ? optionsToValues(await ask(expandSql(String(variable.query), choices, range)), several)
          : [variable.current?.value ?? ''].flat();
    choices.set(variable.name, { values, several });
  }
  return choices;
}

/** A column `__value` is what is chosen and `__text` what is shown; else the first column is both. */
function optionsToValues(rows: readonly Record<string, unknown>[], several: boolean): readonly string[] {
  const values = rows.map((row) => String('__value' in row ? row.__value : Object.values(row)[0]));
  const options = [...new Set(values)];
  return several ? options : options.slice(0, 1);
}

const VARIABLE = /\$\{(\w+)(?::(\w+))?\}|\$(\w+)/g;

function expandVariables(text: string, choices: Choices, write: (choice: Choice, format?: string) => string) {
  return text.replaceAll(VARIABLE, (written, braced, format, plain) => {
    const choice = choices.get(braced ?? plain);
    return choice === undefined ? written : write(choice, format);
  });
}

const sqlString = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** The statement that PostgreSQL gets. */
export function expandSql(sql: string, choices: Choices, range: TimeRange): string {
  const { from, to, intervalSeconds = 300 } = range;
  const written = expandVariables(
    sql.replaceAll('$__interval', `${intervalSeconds}s`),
    choices,
    ({ values, several }, format) =>
      several || format === 'sqlstring'
        ? values.map(sqlString).join(',')
        : values.map((value) => value.replaceAll("'", "''")).join(','),
  );
  return written
    .replaceAll(/\$__timeFilter\(([^()]+)\)/g, (_, column) => {
      return `${column} BETWEEN '${from.toISOString()}' AND '${to.toISOString()}'`;
    })
    .replaceAll(/\$__timeGroupAlias\(([^(),]+),\s*(\d+)s\)/g, (_, column, seconds) => {
      return `floor(extract(epoch from ${column})/${seconds})*${seconds} AS "time"`;
    })
    .replaceAll('$__timeFrom()', `'${from.toISOString()}'`)
    .replaceAll('$__timeTo()', `'${to.toISOString()}'`);
}

const promqlRegex = (value: string) => value.replaceAll(/[\\^$*+?.()|[\]{}]/g, String.raw`\\$&`);

/** The expression that Prometheus gets. `$__rate_interval` is four scrapes wide or more. */
export function expandPromql(
  expr: string,
  choices: Choices,
  { rateInterval, range }: { readonly rateInterval: string; readonly range: string },
): string {
  const written = expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$__range', range);
  return expandVariables(written, choices, ({ values, several }) => {
    if (!several) return values.join(',');
    const patterns = values.map(promqlRegex);
    return patterns.length === 1 ? patterns.join('') : `(${patterns.join('|')})`;
  });
}

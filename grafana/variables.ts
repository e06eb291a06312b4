import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dimension } from '../model/rollups.ts';
import { DEFAULT_TENANT } from '../model/tenant.ts';
import { type CallColumns, l, m } from './columns.ts';
import { SOURCE } from './queries.ts';
import { everyRolled } from './rolled.ts';
import { NONE } from './scope.ts';
import { variable } from './variable.ts';

const source = (name: keyof typeof SOURCE, label: string, description: string): VariableModel =>
  new DatasourceVariableBuilder(name)
    .label(label)
    .description(description)
    .type(SOURCE[name].type)
    .hide(VariableHide.DontHide)
    .build();

/** Where the figures come from. */
export const SOURCES = {
  prometheus: source('prometheus', 'Prometheus', 'Live metrics'),
  postgres: source('postgres', 'PostgreSQL', 'Rows of calls and turns'),
  jaeger: source('jaeger', 'Jaeger', 'Traces of turns'),
} as const;

/** Several of the values that a query finds in the time range; all of them at first. */
function several(name: string, label: string, description: string, sql: string): VariableModel {
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(SOURCE.postgres)
    .query(sql)
    .definition(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .build();
}

// One value is always there: "all" of nothing would be no SQL.
const valuesOf = (column: Dimension) =>
  `SELECT DISTINCT r.${column} ${everyRolled('calls')} WHERE r.${column} IS NOT NULL UNION ALL SELECT '${NONE}'`;
const usedBy = (what: 'provider' | 'model') =>
  `SELECT DISTINCT r.${what} ${everyRolled('models')} WHERE r.${what} IS NOT NULL UNION ALL SELECT '${NONE}'`;

/** What narrows the figures. */
export const SCOPE: readonly VariableModel[] = [
  several(
    'tenant',
    'Tenant',
    'Whose calls they are, by the tokens of senders. Live metrics do not know them',
    `SELECT DISTINCT r.tenant ${everyRolled('calls')} UNION SELECT '${DEFAULT_TENANT}'`,
  ),
  several('service', 'Service', 'Agent programs (service.name)', valuesOf('service_name')),
  several(
    'version',
    'Version',
    'Versions of the agent programs (service.version). Live metrics do not know them',
    valuesOf('service_version'),
  ),
  several(
    'environment',
    'Environment',
    'Where the agent programs run (deployment.environment.name). Live metrics do not know them',
    valuesOf('deployment_environment'),
  ),
  several('agent', 'Agent', 'Agents. Live metrics do not know them', valuesOf('agent_name')),
  several('campaign', 'Campaign', 'Campaigns. Live metrics do not know them', valuesOf('campaign_id')),
  several(
    'provider',
    'Provider',
    'Turns, and calls with turns, that used one of these; where a panel is by provider, these. Unless all are chosen: of the latest 5,000 calls',
    usedBy('provider'),
  ),
  several(
    'model',
    'Model',
    'Turns, and calls with turns, that used one of these; where a panel is by model, these. Unless all are chosen: of the latest 5,000 calls',
    usedBy('model'),
  ),
];

/** Seconds. Each is a limit of the latency histograms' buckets, else the live share would have no number. */
export const TARGETS = ['0.6', '0.8', '1', '1.2', '1.5', '2'] as const;
const DEFAULT_TARGET = '1.2';

/** What a turn should not take longer than. */
export const TARGET_VARIABLE: VariableModel = new CustomVariableBuilder('target')
  .label('Target')
  .description('Seconds of silence that are good enough')
  .values(TARGETS.join(','))
  .current({ selected: true, text: DEFAULT_TARGET, value: DEFAULT_TARGET })
  .options(
    TARGETS.map((seconds) => ({ selected: seconds === DEFAULT_TARGET, text: seconds, value: seconds })),
  )
  .allowCustomValue(false)
  .build();

/** Where a browser finds Jaeger, for the links to it. */
export const JAEGER_URL: VariableModel = new TextBoxVariableBuilder('jaeger_url')
  .label('Jaeger address')
  .description('Where your browser finds Jaeger')
  .defaultValue('http://localhost:16686')
  .current({ selected: true, text: 'http://localhost:16686', value: 'http://localhost:16686' })
  .build();

/** The call that a dashboard is about. */
export const CALL_ID: VariableModel = new TextBoxVariableBuilder('call_id')
  .label('Call')
  .description('Id of the call, as in call_metrics.call_id')
  .defaultValue('')
  .current({ selected: true, text: '', value: '' })
  .build();

const THE_ID = variable('call_id', 'sqlstring');

/** In SQL: a row is of the call. */
export const isTheCall = ({ tenant, call_id }: CallColumns): string =>
  `${tenant} = ${variable('tenant', 'sqlstring')} AND ${call_id} = ${THE_ID}`;

const ofCall = (name: string, label: string, description: string, sql: string) =>
  new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(SOURCE.postgres)
    .query(sql)
    .definition(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.Disabled)
    .multi(false)
    .includeAll(false);

const TENANTS_OF_CALL = `SELECT ${m.tenant} FROM earshot.call_metrics m WHERE ${m.call_id} = ${THE_ID}`;

/** Whose call of that id it is: the first tenant that has one, until another is chosen. No value would be no SQL. */
export const TENANT: VariableModel = ofCall(
  'tenant',
  'Tenant',
  'Whose call of that id it is',
  `${TENANTS_OF_CALL} UNION SELECT '${DEFAULT_TENANT}' WHERE NOT EXISTS (${TENANTS_OF_CALL}) ORDER BY 1`,
).build();

/** One turn of the call, as its trace. */
export const TRACE_ID: VariableModel = ofCall(
  'trace_id',
  'Turn',
  'The turn whose waterfall is shown',
  `SELECT 'turn ' || ${l.turn_index} AS __text, ${l.trace_id} AS __value FROM earshot.call_logs l WHERE ${isTheCall(l)} ORDER BY ${l.turn_index}`,
).build();

/** The call's service, for the link to Jaeger's search. */
export const SERVICE_NAME: VariableModel = ofCall(
  'service_name',
  'Service',
  'The agent program of the call',
  `SELECT ${m.service_name} FROM earshot.call_metrics m WHERE ${isTheCall(m)} AND ${m.service_name} IS NOT NULL`,
)
  .hide(VariableHide.HideVariable)
  .build();

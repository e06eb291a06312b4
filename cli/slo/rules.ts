import type { FigureName } from '../../exporter/checks/figures.ts';
import { LATENCY_BUCKETS } from '../../exporter/metrics/call-metrics.ts';
import { prometheusLabel, prometheusName } from '../../exporter/metrics/prometheus-name.ts';
import { ATTR, type Definition, METRICS } from '../../model/semconv.ts';
import { UsageError } from '../command.ts';
import type { Slo } from './file.ts';

/** A rule of Prometheus, as its file has it. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What may go wrong, as a share of all: the error budget; and what goes wrong, in a window of Prometheus. */
interface Objective {
  readonly slo: FigureName;
  readonly budget: number;
  readonly errors: (window: string) => string;
}

/**
 * When a budget is spent too fast: a share of it in the long window, and it still is in the short one. From the Site
 * Reliability Workbook, chapter 5: pages for 2 % in an hour and 5 % in six, tickets for 10 % in one day and in three.
 */
const BURNS = [
  { severity: 'critical', share: 0.02, long: '1h', short: '5m', hours: 1 },
  { severity: 'critical', share: 0.05, long: '6h', short: '30m', hours: 6 },
  { severity: 'warning', share: 0.1, long: '1d', short: '2h', hours: 24 },
  { severity: 'warning', share: 0.1, long: '3d', short: '6h', hours: 72 },
] as const;
const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
/** Turns in the long window; of fewer no one is woken. */
const LEAST_TURNS = 30;
const LEAST_CALLS = 10;

const total = (metric: Definition) => `${prometheusName(metric)}_total`;
const rate = (series: string, window: string) => `sum(rate(${series}[${window}]))`;
const increase = (series: string, window: string) => `sum(increase(${series}[${window}]))`;
const errorsOf = (window: string) => `earshot_slo:errors:ratio_${window}`;

/** Rules that say when what was promised is not kept. Pure. @throws UsageError for a promise that cannot be watched. */
export function rulesOf({ limits, windowSeconds }: Slo): { rules: Rule[]; comments: string[] } {
  const comments: string[] = [];
  const rules = (Object.entries(limits) as [FigureName, number][]).flatMap(([name, limit]): Rule[] => {
    if (name === 'cost-per-minute' || name === 'cost-per-call') return costRules(name, limit);
    if (name === 'unpriced') {
      comments.push(
        'unpriced: the alert VoiceUnpricedUsage of prometheus/rules/cost.yml names what has no price.',
      );
      return [];
    }
    const objective = objectiveOf(name, limit);
    if (objective.budget <= 0 || objective.budget >= 1)
      throw new UsageError(
        `${name}: saw a limit that leaves no error budget, expected more than 0 % and less than 100 %.`,
      );
    return objectiveRules(objective, windowSeconds, comments);
  });
  return { rules, comments };
}

function objectiveOf(slo: Exclude<FigureName, 'unpriced' | `cost-${string}`>, limit: number): Objective {
  switch (slo) {
    case 'silence-p50':
      return silence(slo, limit, 0.5);
    case 'silence-p95':
      return silence(slo, limit, 0.05);
    case 'interruption-rate': {
      const kind = `{${prometheusLabel(ATTR.interruptionKind)}="barge_in"}`;
      return {
        slo,
        budget: limit,
        errors: (window) =>
          `${rate(total(METRICS.interruptions) + kind, window)} / ${rate(total(METRICS.turns), window)}`,
      };
    }
    case 'success-rate': {
      const outcome = prometheusLabel(ATTR.outcome);
      const calls = total(METRICS.calls);
      return {
        slo,
        budget: 1 - limit,
        errors: (window) =>
          `${rate(`${calls}{${outcome}!~"|SUCCESS"}`, window)} / ${rate(`${calls}{${outcome}!=""}`, window)}`,
      };
    }
    default:
      return slo satisfies never;
  }
}

/** A percentile is a promise about a share of turns; exact where the limit is a bound of the histogram. */
function silence(slo: FigureName, limit: number, budget: number): Objective {
  if (!LATENCY_BUCKETS.includes(limit)) {
    const near = LATENCY_BUCKETS.toSorted((a, b) => Math.abs(a - limit) - Math.abs(b - limit)).slice(0, 2);
    const names = near.sort((a, b) => a - b).map((seconds) => `${seconds * 1_000}ms`);
    throw new UsageError(
      `${slo}: saw ${Math.round(limit * 1_000)}ms, which is no bound of the histogram in Prometheus; expected ${names.join(' or ')}.`,
    );
  }
  const name = prometheusName(METRICS.eouLatency);
  // Whole numbers are written in two ways.
  const le = Number.isInteger(limit) ? `le=~"${limit}(\\\\.0)?"` : `le="${limit}"`;
  return {
    slo,
    budget,
    errors: (window) => `1 - ${rate(`${name}_bucket{${le}}`, window)} / ${rate(`${name}_count`, window)}`,
  };
}

function objectiveRules(
  { slo, budget, errors }: Objective,
  windowSeconds: number,
  comments: string[],
): Rule[] {
  const recorded = WINDOWS.map((window) => ({
    record: errorsOf(window),
    expr: errors(window),
    labels: { slo },
  }));
  const burns = BURNS.map((burn) => ({
    ...burn,
    factor: (burn.share * windowSeconds) / (burn.hours * 3_600),
  }));
  const possible = burns.filter(({ factor }) => factor * budget < 1);
  for (const { long, factor } of burns.filter((burn) => !possible.includes(burn)))
    comments.push(
      `${slo}: ${show(factor)} times its budget in ${long} would be more than all, and has no alert.`,
    );
  const alerts = (['critical', 'warning'] as const).flatMap((severity): Rule[] => {
    const own = possible.filter((burn) => burn.severity === severity);
    if (own.length === 0) return [];
    const conditions = own.map(({ long, short, factor }) => {
      const over = (window: string) =>
        `${errorsOf(window)}{slo="${slo}"} > ${show(factor)} * ${show(budget)}`;
      const enough = `on() ${increase(total(METRICS.turns), long)} >= ${LEAST_TURNS}`;
      return `(${over(long)} and ${over(short)} and ${enough})`;
    });
    return [
      {
        alert: severity === 'critical' ? 'EarshotSloBurnsFast' : 'EarshotSloBurns',
        expr: conditions.join('\nor '),
        labels: { severity, slo },
        annotations: {
          summary: `${slo} is not kept`,
          description: `{{ $value | humanizePercentage }} went wrong, where ${percent(budget)} may. At this rate the error budget does not last.`,
        },
      },
    ];
  });
  return [...recorded, ...alerts];
}

/** A cost is a mean and has no events that go wrong: it is over its limit in a day, and still in the last hours. */
function costRules(slo: 'cost-per-minute' | 'cost-per-call', limit: number): Rule[] {
  const record = (window: string) => `earshot_slo:${slo.replaceAll('-', '_')}_usd:mean_${window}`;
  const duration = `${prometheusName(METRICS.callDuration)}_sum`;
  const by = (window: string) =>
    slo === 'cost-per-call' ? increase(total(METRICS.calls), window) : `(${increase(duration, window)} / 60)`;
  const windows = ['1d', '2h'];
  return [
    ...windows.map((window) => ({
      record: record(window),
      expr: `${increase(total(METRICS.callCost), window)} / ${by(window)}`,
    })),
    {
      alert: 'EarshotCostOverLimit',
      expr: [
        ...windows.map((window) => `${record(window)} > ${show(limit)}`),
        `${increase(total(METRICS.calls), '1d')} >= ${LEAST_CALLS}`,
      ].join(' and '),
      labels: { severity: 'warning', slo },
      annotations: {
        summary: `${slo} is over its limit`,
        description: `It is {{ $value | printf "%.4f" }} USD in the last day, where ${show(limit)} are promised.`,
      },
    },
  ];
}

const show = (value: number): string => String(Number(value.toPrecision(6)));
const percent = (share: number): string => `${show(share * 100)} %`;

/** As a file of rules. */
export function rulesText(slo: Slo, file: string): string {
  const { rules, comments } = rulesOf(slo);
  return [
    `# Made by earshot slo ${file}. Load it beside the rules of prometheus/rules.`,
    ...comments.map((comment) => `# ${comment}`),
    'groups:',
    '  - name: earshot-slo',
    '    rules:',
    ...rules.flatMap(ruleLines),
    '',
  ].join('\n');
}

function ruleLines({ record, alert, expr, labels, annotations }: Rule): string[] {
  const fields = (of: Readonly<Record<string, string>> = {}) =>
    Object.entries(of).map(([name, value]) => `          ${name}: ${JSON.stringify(value)}`);
  return [
    `      - ${record === undefined ? `alert: ${alert}` : `record: ${record}`}`,
    '        expr: >-',
    ...expr.split('\n').map((line) => `          ${line}`),
    ...(labels === undefined ? [] : ['        labels:', ...fields(labels)]),
    ...(annotations === undefined ? [] : ['        annotations:', ...fields(annotations)]),
  ];
}

import { parseArgs } from 'node:util';

/**
 * What a load needs, from what was measured on a small machine: arithmetic, and no measurement. Everything beyond one process
 * on two cores is an extrapolation.
 */
export interface Load {
  /** Calls in 24 hours. */
  callsADay: number;
  turnsACall: number;
  /** From connect to hang-up. */
  callSeconds: number;
  /** The busiest hour beside the mean. */
  peak: number;
  /** Of the journal. */
  retentionDays: number;
}

export const TYPICAL: Omit<Load, 'callsADay'> = {
  turnsACall: 10,
  callSeconds: 100,
  peak: 4,
  retentionDays: 7,
};

/** Measured by `serve-load` and `export`: docs/operations.md, docs/scale.md. */
export const MEASURED = {
  spansATurn: 5,
  /** CPU for a span to its rows, in µs. */
  serveMicros: 41,
  postgresMicros: 32,
  /** A core is not to be busier than this at the peak. */
  busiest: 0.25,
  journalBytesASpan: 800,
  rowBytesACall: 1_130,
  rowBytesATurn: 490,
  parquetBytesACall: 335,
  parquetBytesATurn: 150,
} as const;

/** Assumed, in USD: put your own. */
export const PRICES = { coreHour: 0.05, gbMonth: 0.12, archivedGbMonth: 0.025 } as const;

export interface Need {
  /** At the peak. */
  simultaneousCalls: number;
  spansASecond: number;
  serveCores: number;
  postgresCores: number;
  journalGb: number;
  /** What a year adds. */
  rowsGbAYear: number;
  parquetGbAYear: number;
  usdAMonth: number;
}

export function needOf({ callsADay, turnsACall, callSeconds, peak, retentionDays }: Load): Need {
  const callsASecond = (callsADay / 86_400) * peak;
  const spansACall = turnsACall * MEASURED.spansATurn;
  const spansASecond = callsASecond * spansACall;
  const cores = (micros: number) => Math.max(1, Math.ceil((spansASecond * micros) / 1e6 / MEASURED.busiest));
  const [serveCores, postgresCores] = [cores(MEASURED.serveMicros), cores(MEASURED.postgresMicros)];
  const gb = (bytesACall: number, days: number) => (callsADay * days * bytesACall) / 1e9;
  const journalGb = gb(spansACall * MEASURED.journalBytesASpan, retentionDays);
  const rowsGbAYear = gb(MEASURED.rowBytesACall + turnsACall * MEASURED.rowBytesATurn, 365);
  const parquetGbAYear = gb(MEASURED.parquetBytesACall + turnsACall * MEASURED.parquetBytesATurn, 365);
  return {
    simultaneousCalls: callsASecond * callSeconds,
    spansASecond,
    serveCores,
    postgresCores,
    journalGb,
    rowsGbAYear,
    parquetGbAYear,
    usdAMonth:
      (serveCores + postgresCores) * PRICES.coreHour * 730 +
      (journalGb + rowsGbAYear) * PRICES.gbMonth +
      parquetGbAYear * PRICES.archivedGbMonth,
  };
}

/** Two significant digits: these are no measurements. */
const shown = (value: number): string => Number(value.toPrecision(2)).toLocaleString('en-US');

/** A line of the table in docs/scale.md. */
export function lineOf(callsADay: number, more: Partial<Load> = {}): string {
  const need = needOf({ ...TYPICAL, ...more, callsADay });
  const cells = [
    callsADay.toLocaleString('en-US'),
    shown(need.simultaneousCalls),
    shown(need.spansASecond),
    `${need.serveCores} + ${need.postgresCores}`,
    `${shown(need.journalGb)} GB`,
    `${shown(need.rowsGbAYear)} GB`,
    `${shown(need.parquetGbAYear)} GB`,
    `$${shown(need.usdAMonth)}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

export const HEADER = `\
| calls a day | at once, at the peak | spans a second, at the peak | cores: \`serve\` + PostgreSQL | journal | rows, a year | as Parquet, a year | a month |
|---|---|---|---|---|---|---|---|`;

if (import.meta.url === `file://${process.argv[1]}`) {
  const option = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      'calls-a-day': option,
      'turns-a-call': option,
      'call-seconds': option,
      peak: option,
      'retention-days': option,
    },
  });
  const number = (text: string | undefined, otherwise: number) =>
    text === undefined ? otherwise : Number(text);
  const line = lineOf(number(values['calls-a-day'], 1_000_000), {
    turnsACall: number(values['turns-a-call'], TYPICAL.turnsACall),
    callSeconds: number(values['call-seconds'], TYPICAL.callSeconds),
    peak: number(values.peak, TYPICAL.peak),
    retentionDays: number(values['retention-days'], TYPICAL.retentionDays),
  });
  process.stdout.write(`${HEADER}\n${line}\n`);
}

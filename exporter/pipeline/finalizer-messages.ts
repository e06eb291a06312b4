import { Decimal } from 'decimal.js';
import { type CallMetricsRow, METRICS_COLUMNS } from '../../model/rows.ts';
import { Usd } from '../pricing/money.ts';
import {
  type ClaimedGroup,
  errorCode,
  type FailedCall,
  type PostgresOptions,
  type TakeResult,
} from '../store/index.ts';
import type { DoneCall, EndedCall, EndingCall, FinalizingSettings } from './finalizing.ts';
import type { PriceSettings } from './price-list.ts';

/**
 * What goes between a process and its finalizing thread: names of calls there, outcomes back. Spans and turns never do:
 * the thread reads and writes them by itself.
 */

export interface ThreadData {
  readonly postgres: Omit<PostgresOptions, 'onConnectionLost'>;
  readonly settings: FinalizingSettings & PriceSettings;
  /** Goes into `finalized_by`. */
  readonly workerId: string;
  /** The process is an agent: where both want a processor, the agent has it. */
  readonly yields: boolean;
}

/** One at a time. */
export type Order = { readonly finalize: ClaimedGroup } | { readonly end: EndingCall };

export type ToThread = Order | { readonly close: true };

/** The end of an order; before it, when a computation begins and ends. */
export type FromThread =
  | { readonly computing: boolean }
  | { readonly finalized: PlainResult }
  | { readonly ended: Omit<EndedCall, 'finalized'> & { readonly finalized: readonly PlainCall[] } }
  | { readonly error: PlainError };

/** Money goes as text: a Decimal cannot be copied. */
type PlainCall = Omit<DoneCall, 'metrics'> & {
  readonly metrics: {
    readonly [Column in keyof CallMetricsRow]: CallMetricsRow[Column] extends Decimal | null
      ? string | null
      : CallMetricsRow[Column];
  };
};

/** The code of an error is not copied with it. */
interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
}

interface PlainResult {
  readonly taken: number;
  readonly finalized: readonly PlainCall[];
  readonly failed: readonly (Omit<FailedCall, 'error'> & { readonly error: PlainError })[];
}

export const plainResult = ({ taken, finalized, failed }: TakeResult<DoneCall>): PlainResult => ({
  taken,
  finalized: finalized.map(plainCall),
  failed: failed.map((call) => ({ ...call, error: plainError(call.error) })),
});

export const resultOf = ({ taken, finalized, failed }: PlainResult): TakeResult<DoneCall> => ({
  taken,
  finalized: finalized.map(callOf),
  failed: failed.map((call) => ({ ...call, error: errorOf(call.error) })),
});

const MONEY = Object.keys(METRICS_COLUMNS).filter((column) => column.startsWith('cost_'));

export const plainCall = (call: DoneCall): PlainCall => ({
  ...call,
  metrics: withMoney(call.metrics, (value) => (value instanceof Decimal ? value.toFixed() : value)),
});

export const callOf = (call: PlainCall): DoneCall => ({
  ...call,
  metrics: withMoney(call.metrics, (value) => (typeof value === 'string' ? new Usd(value) : value)),
});

function withMoney<To>(row: object, map: (value: unknown) => unknown): To {
  const copy: Record<string, unknown> = { ...row };
  for (const column of MONEY) copy[column] = map(copy[column]);
  return copy as To;
}

export function plainError(error: unknown): PlainError {
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) };
  return { name, message, code: errorCode(error) };
}

export const errorOf = ({ name, message, code }: PlainError): Error =>
  Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });

import type { Micros } from './facts.ts';
import type { CarrierName, Direction } from './vocabulary.ts';

/** What a status callback of Twilio's, or the result of its answering-machine detection, says of a call. */
export interface TwilioStatus {
  /** Of a leg that another call was put through to: that call's. */
  readonly callId: string;
  /** It is of such a leg. */
  readonly transferred?: true;
  /** It is Twilio's record of a call that is over. False: what is said of the call may come before its end. */
  readonly isOver: boolean;
  /** Of a call that is over, to the second. */
  readonly startUs?: Micros;
  readonly endUs: Micros;
  readonly transport: CarrierName;
  readonly channel: 'phone';
  readonly direction?: Direction;
  /** `completed`, `busy`, `no-answer`, `canceled`, `failed`. */
  readonly endReason?: string;
  readonly sipStatusCode?: number;
  /** `human`, `machine_end_beep` and so on. */
  readonly amdResult?: string;
  /** Whole minutes, as Twilio bills them. */
  readonly billedSeconds?: number;
}

/** Statuses after which nothing more comes. */
const ENDS: ReadonlySet<string> = new Set(['completed', 'busy', 'no-answer', 'canceled', 'failed']);

const SID = /^CA[0-9a-f]{32}$/i;
const WORD = /^[a-z_-]{1,40}$/;

/**
 * Reads the form of a callback. Numbers of telephones in it are not looked at. Undefined: it says nothing of a call, or
 * nothing new, such as that it rings.
 */
export function readTwilioStatus(form: URLSearchParams, nowUs: Micros): TwilioStatus | undefined {
  const parent = form.get('ParentCallSid') ?? '';
  const callId = SID.test(parent) ? parent : (form.get('CallSid') ?? '');
  const transferred = callId === parent;
  const status = form.get('CallStatus') ?? '';
  const minutes = whole(form.get('Duration'), 7 * 1_440);
  // Of a call that was never answered nothing is billed.
  const isOver = ENDS.has(status) && (status !== 'completed' || minutes !== undefined);
  const amdResult = word(form.get('AnsweredBy'));
  if (!SID.test(callId) || (!isOver && (transferred || amdResult === undefined))) return undefined;
  const told = Date.parse(form.get('Timestamp') ?? '') * 1_000;
  const endUs = Number.isSafeInteger(told) && Math.abs(told - nowUs) < DAY_US ? told : nowUs;
  const seconds = whole(form.get('CallDuration'), 7 * 86_400);
  const sip = whole(form.get('SipResponseCode'), 699);
  const direction = directionOf(form.get('Direction'));
  return {
    callId,
    ...(transferred && { transferred }),
    isOver,
    endUs,
    transport: 'twilio',
    channel: 'phone',
    ...(isOver && { startUs: endUs - (seconds ?? 0) * 1_000_000, endReason: status }),
    ...(direction !== undefined && { direction }),
    ...(sip !== undefined && sip >= 100 && { sipStatusCode: sip }),
    ...(amdResult !== undefined && { amdResult }),
    ...(isOver && { billedSeconds: (minutes ?? 0) * 60 }),
  };
}

const DAY_US = 86_400_000_000;

const word = (value: string | null): string | undefined =>
  value !== null && WORD.test(value) ? value : undefined;

function whole(value: string | null, most: number): number | undefined {
  const number = /^\d{1,9}$/.test(value ?? '') ? Number(value) : Number.NaN;
  return number <= most ? number : undefined;
}

/** `outbound-api` and `outbound-dial` are outbound. */
const directionOf = (value: string | null): Direction | undefined =>
  value === 'inbound' ? 'inbound' : value?.startsWith('outbound') ? 'outbound' : undefined;

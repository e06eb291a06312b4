import { diag } from '@opentelemetry/api';
import type { Micros, Usage } from '../../model/facts.ts';
import { RECORDING_URL, recordingUrl } from '../../model/recording-url.ts';
import { USAGE_ATTRIBUTES } from '../../model/usage.ts';
import type { Outcome, StageKind } from '../../model/vocabulary.ts';
import {
  DIRECTIONS,
  EOU_SOURCES,
  INITIATORS,
  INTERRUPTION_KINDS,
  OUTCOMES,
  PLAYBACK_SOURCES,
  STAGES,
} from '../../model/vocabulary.ts';
import type { Adoption } from './adoption.ts';
import type {
  At,
  Attachment,
  CallEnd,
  CallFacts,
  CallStart,
  InterruptionMark,
  PlaybackStart,
  SpeechMark,
  StageFacts,
  StageResult,
  TelephonyState,
  TurnEnd,
  TurnStart,
} from './api.ts';

/** What a value must be to be used. */
interface Check {
  readonly expected: string;
  readonly test: (value: unknown) => boolean;
  /** What happens instead, or what to do. */
  readonly instead?: string;
  /** It is one of a few words, so that a wrong one may be shown: it is no person's name or number. */
  readonly word?: true;
}

/** The options that a method takes. */
type Checks<T> = { readonly [Name in keyof T]-?: Check };

const check = (expected: string, test: Check['test'], instead?: string): Check => ({
  expected,
  test,
  ...(instead !== undefined && { instead }),
});
const string = check('a string', (value) => typeof value === 'string');
const boolean = check('true or false', (value) => typeof value === 'boolean');
const quantity = check(
  'a number, 0 or more',
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
);
const fn = check('a function', (value) => typeof value === 'function');
const anything = check('anything', () => true);
const strings = check(
  'a list of strings',
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
);
const object = check('an object', (value) => typeof value === 'object');
const oneOf = (values: readonly string[]): Check => ({
  ...check(`one of ${values.join(', ')}`, (value) => values.includes(value as string)),
  word: true,
});

/** Of a point in time: a `Date`, or milliseconds since 1970. */
const instant = check(
  'a Date, or milliseconds since 1970',
  (value) => {
    const ms = value instanceof Date ? value.getTime() : value;
    return typeof ms === 'number' && ms > 0 && ms < 8.64e15;
  },
  'Now is taken instead.',
);
const outcome: Check = {
  ...oneOf(OUTCOMES),
  instead: 'The outcome is concluded from the call instead.',
};
const source = oneOf(EOU_SOURCES);
const initiator = oneOf(INITIATORS);

export const AT: Checks<At> = { at: instant };
export const CALL_FACTS: Checks<CallFacts> = {
  direction: oneOf(DIRECTIONS),
  channel: string,
  transport: string,
  campaignId: string,
  agentName: string,
  customerId: string,
  tags: object,
};
export const ATTACHMENT: Checks<Attachment> = {
  recordingUrl: check(RECORDING_URL, (value) => recordingUrl(value) !== undefined),
};
export const CALL_START: Checks<CallStart> = {
  ...CALL_FACTS,
  ...AT,
  id: check(
    'a string that is not empty',
    (value) => typeof value === 'string' && value !== '',
    'The call has a random id. Pass String(id) to keep yours.',
  ),
};
export const TELEPHONY: Checks<TelephonyState> = { sipStatusCode: quantity, amdResult: string };
export const CALL_END: Checks<CallEnd> = { ...TELEPHONY, ...AT, reason: string, outcome, error: anything };
export const OUTCOME: Checks<{ outcome: Outcome }> = { outcome };
export const TURN_START: Checks<TurnStart> = { ...AT, initiator };
export const TURN_END: Checks<TurnEnd> = { ...AT, error: anything };
export const SPEECH: Checks<SpeechMark> = { ...AT, source };
export const INTERRUPTION: Checks<InterruptionMark & { atUs?: Micros | undefined }> = {
  ...AT,
  atUs: quantity,
  kind: oneOf(INTERRUPTION_KINDS),
  timeToSilenceSeconds: quantity,
};
export const PLAYBACK: Checks<PlaybackStart> = { ...AT, source: oneOf(PLAYBACK_SOURCES) };
export const STAGE_KIND: Checks<{ kind: StageKind }> = {
  kind: { ...oneOf(STAGES), instead: 'Nothing is recorded.' },
};
export const STAGE_START: Checks<StageFacts & At & { adoption?: Adoption | undefined }> = {
  ...AT,
  provider: string,
  model: string,
  streaming: boolean,
  toolName: string,
  toolCallId: string,
  inputMessages: fn,
  adoption: object,
};
export const STAGE_RESULT: Checks<StageResult> = {
  ...AT,
  usage: object,
  responseModel: string,
  responseId: string,
  serviceTier: string,
  finishReasons: strings,
  text: string,
};
/** What a stage can be told to have used: what a span can say. */
export const USAGE = {
  ...Object.fromEntries(USAGE_ATTRIBUTES.map(([name]) => [name, quantity])),
  estimated: boolean,
} as Checks<Omit<Usage, 'unexplainedTokens'>>;

/**
 * The options of `method` that can be used, as a plain object: nothing that reads it later can throw. Absent and null
 * are the same. What cannot be used is left out, with a line that says what was seen, what was expected and what
 * happens instead.
 */
export function readOptions<T extends object>(method: string, checks: Checks<T>, given: unknown): Partial<T> {
  if (given === undefined || given === null) return {};
  const read: Record<string, unknown> = {};
  try {
    if (typeof given !== 'object') complain(method, given, object);
    else
      for (const [name, check] of Object.entries<Check>(checks)) {
        const value = (given as Record<string, unknown>)[name];
        if (value === undefined || value === null) continue;
        if (check.test(value)) read[name] = value;
        else complain(`${method}: ${name}`, value, check);
      }
  } catch (error) {
    diag.warn(`earshot: ${method}: saw options that cannot be read. They are left out.`, error);
  }
  return read as Partial<T>;
}

/** An argument that stands alone, read like an option of the same name. */
export const readArgument = <T extends object, Name extends keyof T & string>(
  method: string,
  checks: Checks<T>,
  name: Name,
  given: unknown,
): T[Name] | undefined => readOptions(method, checks, { [name]: given })[name];

function complain(where: string, value: unknown, { expected, instead, word }: Check): void {
  diag.warn(
    `earshot: ${where}: saw ${seen(value, word)}, expected ${expected}. ${instead ?? 'It is left out.'}`,
  );
}

function seen(value: unknown, word?: true): string {
  if (typeof value === 'string')
    return word && /^[A-Za-z_-]{1,24}$/.test(value) ? `'${value}'` : 'another string';
  if (typeof value === 'number')
    return !Number.isFinite(value) ? String(value) : value < 0 ? 'a negative number' : 'a number';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value instanceof Date ? 'an invalid Date' : 'an object';
  return typeof value === 'boolean' ? String(value) : `a ${typeof value}`;
}

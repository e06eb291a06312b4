import type { CallDescription, CallFact } from '../../model/facts.ts';
import { recordingUrl } from '../../model/recording-url.ts';
import { SPAN } from '../../model/semconv.ts';
import { readTags, type TagValue } from '../../model/tags.ts';
import { DIRECTIONS, OUTCOMES } from '../../model/vocabulary.ts';
import { addPresent } from '../dialects/attributes.ts';
import { between, date, type Fields, id, oneOf, recording, tags, text, validate } from './fields.ts';
import { idsOf } from './ids.ts';
import type { RecordContext } from './turn.ts';

/** What is known of a call as a whole when it has ended. */
export interface CallRecord extends CallDescription {
  /** (Default: when its first turn started; without turns, `endedAt`.) */
  startedAt?: Date;
  /** (Default: now.) */
  endedAt?: Date;
  /** Class of the error, never its message. */
  errorType?: string;
  /** What the call is sorted by. */
  tags?: Readonly<Record<string, TagValue>>;
}

const FIELDS: Fields<CallRecord> = {
  startedAt: date,
  endedAt: date,
  direction: oneOf(DIRECTIONS),
  channel: text,
  transport: text,
  campaignId: text,
  agentName: text,
  customerId: id,
  recordingUrl: recording,
  tags,
  endReason: text,
  outcome: oneOf(OUTCOMES),
  outcomeConfidence: between(0, 1),
  sipStatusCode: between(100, 699),
  amdResult: text,
  errorType: text,
};

/** @throws InvalidRecordError for an id or a record that is not valid, naming the field. */
export function validateCall(callId: string, record: CallRecord): void {
  validate('call', { callId }, { callId: id }, ['callId']);
  validate('call', record, FIELDS, []);
}

/**
 * A call record as the fact that the call's span would have given. Where it is not known when the call started, the fact
 * starts at its end.
 */
export function callFact(
  callId: string,
  { startedAt, endedAt, tags, recordingUrl: url, ...record }: CallRecord,
  { nowUs, serviceName, serviceVersion, deploymentEnvironment }: RecordContext,
): CallFact {
  const endUs = endedAt === undefined ? nowUs : endedAt.getTime() * 1_000;
  const startUs = startedAt === undefined ? endUs : startedAt.getTime() * 1_000;
  return addPresent(
    { ...idsOf('call', callId), callId, name: SPAN.call, startUs, endUs: Math.max(startUs, endUs) },
    {
      type: 'call' as const,
      ...record,
      recordingUrl: recordingUrl(url),
      tags: readTags(Object.entries(tags ?? {})).tags,
      ...{ serviceName, serviceVersion, deploymentEnvironment },
    },
  );
}

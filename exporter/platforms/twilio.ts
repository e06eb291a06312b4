import type { Fact, Micros } from '../../model/facts.ts';
import { SPAN } from '../../model/semconv.ts';
import { readTwilioStatus } from '../../model/twilio-status.ts';
import { addPresent } from '../dialects/attributes.ts';
import { idsOf } from '../records/ids.ts';

/**
 * A status callback of Twilio's as facts of its call, whether or not an agent's spans have that call. None: it says
 * nothing of a call that is over, or was answered by a machine.
 */
export function twilioFacts(form: URLSearchParams, nowUs: Micros): Fact[] {
  const status = readTwilioStatus(form, nowUs);
  if (status === undefined) return [];
  const { callId, isOver, startUs, endUs, ...call } = status;
  const sequence = form.get('SequenceNumber') ?? '';
  const base = {
    ...idsOf('twilio', isOver ? 'call' : 'update', form.get('CallSid') ?? '', sequence),
    callId,
    startUs: endUs,
    endUs,
  };
  if (isOver)
    return [
      addPresent({ ...base, name: SPAN.call }, { type: 'call' as const, startUs: startUs ?? endUs, ...call }),
    ];
  const { amdResult, sipStatusCode } = call;
  return [
    { ...base, name: SPAN.callUpdate, type: 'other', call: addPresent({}, { amdResult, sipStatusCode }) },
  ];
}

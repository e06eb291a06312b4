import type { CallFacts } from '../../call/api.ts';
import { parameterTags } from '../../call/call-tags.ts';
import { type Foreign, foreign, text } from '../kit/patch.ts';

/** `ParticipantKind` of livekit's protocol. */
const STANDARD = 0;
const SIP = 3;
/** Only a call that came in was let in by a dispatch rule. */
const SIP_RULE = 'sip.ruleID';

/** Who the agent talks to: the first participant of the room that is a person. Undefined until there is one. */
export function callerOf(room: unknown): CallFacts | undefined {
  const participants = foreign(room)?.remoteParticipants;
  if (!(participants instanceof Map)) return undefined;
  for (const participant of participants.values()) {
    const { info, kind = foreign(info)?.kind, attributes } = foreign(participant) ?? ({} as Foreign);
    const known = foreign(attributes);
    if (kind === SIP) {
      const direction = known?.[SIP_RULE] ? 'inbound' : 'outbound';
      return { channel: 'phone', direction, ...parameterTags(known) };
    }
    if (kind === STANDARD) return { channel: 'web', direction: 'web', ...parameterTags(known) };
  }
  return undefined;
}

/**
 * What identifies a conversation: the room, because a job that crashes is given to another process in the same room.
 * Its `sid` and not its name, because names are used again. Where LiveKit uploads what it observes to an address of the user's own,
 * it is the job, by which all that is uploaded goes.
 */
export function callIdOf(job: unknown, room: unknown, isUploaded = false): string | undefined {
  const assigned = foreign(foreign(job)?.job) ?? {};
  const jobId = text(assigned.id);
  if (isUploaded && jobId !== undefined) return jobId;
  const of = foreign(assigned.room);
  const joined = foreign(room);
  return text(of?.sid) ?? text(foreign(joined?.info)?.sid) ?? text(of?.name) ?? text(joined?.name) ?? jobId;
}

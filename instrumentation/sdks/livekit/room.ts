import type { RoomOfCall } from '../../../model/facts.ts';
import type { CallFacts } from '../../call/api.ts';
import { parameterTags } from '../../call/call-tags.ts';
import { at, type Foreign, foreign, text } from '../kit/patch.ts';

/** `ParticipantKind` of livekit's protocol. */
const STANDARD = 0;
const SIP = 3;
/** What LiveKit says of a participant that is a telephone. Only a call that came in was let in by a dispatch rule. */
const ATTRIBUTE = { rule: 'sip.ruleID', call: 'sip.callID', trunk: 'sip.trunkID' } as const;

/** Who the agent talks to, and over which SIP call. */
export interface Caller {
  facts: CallFacts;
  sip: Omit<RoomOfCall, 'roomId'>;
}

/** The first participant of the room that is a person. Undefined until there is one. */
export function callerOf(room: unknown): Caller | undefined {
  const participants = foreign(room)?.remoteParticipants;
  if (!(participants instanceof Map)) return undefined;
  for (const participant of participants.values()) {
    const { info, kind = foreign(info)?.kind, attributes } = foreign(participant) ?? ({} as Foreign);
    const known = foreign(attributes);
    const tags = parameterTags(known);
    if (kind === SIP) {
      const direction = known?.[ATTRIBUTE.rule] ? 'inbound' : 'outbound';
      return { facts: { channel: 'phone', direction, ...tags }, sip: sipCallOf(known) };
    }
    if (kind === STANDARD) return { facts: { channel: 'web', direction: 'web', ...tags }, sip: {} };
  }
  return undefined;
}

/** Ids alone: numbers of telephones become tags where the settings name them. */
function sipCallOf(attributes: Foreign | undefined): Caller['sip'] {
  const sipCallId = text(attributes?.[ATTRIBUTE.call]);
  const sipTrunkId = text(attributes?.[ATTRIBUTE.trunk]);
  return { ...(sipCallId !== undefined && { sipCallId }), ...(sipTrunkId !== undefined && { sipTrunkId }) };
}

/** LiveKit's id of the room, as the job or the room itself has it. */
export const roomIdOf = (job: unknown, room: unknown): string | undefined =>
  text(at(job, 'job', 'room', 'sid')) ?? text(at(room, 'info', 'sid'));

/**
 * What identifies a conversation: the room, because a job that crashes is given to another process in the same room.
 * Its `sid` and not its name, because names are used again. Where LiveKit uploads what it observes to an address of the user's own,
 * it is the job, by which all that is uploaded goes.
 */
export function callIdOf(job: unknown, room: unknown, isUploaded = false): string | undefined {
  const assigned = foreign(foreign(job)?.job) ?? {};
  const jobId = text(assigned.id);
  if (isUploaded && jobId !== undefined) return jobId;
  return roomIdOf(job, room) ?? text(at(assigned, 'room', 'name')) ?? text(foreign(room)?.name) ?? jobId;
}

import type { BootstrapOptions } from '../statistics/bootstrap.ts';
import { tooFew, turnCount } from './endpointing.ts';
import type { EndpointingCall } from './endpointing-call.ts';
import { callsByGroup, type EndpointingGroup } from './endpointing-groups.ts';
import { verifyingEndpointing } from './verify-endpointing.ts';

/** Why a change cannot be verified: no call is on one side of it. Undefined: there are some on both. */
export function oneSided(
  calls: readonly EndpointingCall[],
  isAfter: (call: EndpointingCall) => boolean,
): string | undefined {
  const after = calls.filter(isAfter).length;
  if (after > 0 && after < calls.length) return undefined;
  return `no call that matches is ${after === 0 ? 'after' : 'before'} the change.`;
}

/** What became of a change of the delay for each agent and language, in pieces: where other work is to go on in between. */
export function* verifiedGroups(
  calls: readonly EndpointingCall[],
  isAfter: (call: EndpointingCall) => boolean,
  options?: BootstrapOptions,
): Generator<void, EndpointingGroup[]> {
  const groups: EndpointingGroup[] = [];
  for (const { calls: own, ...group } of callsByGroup(calls)) {
    const [before, after] = [own.filter((call) => !isAfter(call)), own.filter(isAfter)];
    const note = tooFew(before, ' before the change') ?? tooFew(after, ' after the change');
    const base = { ...group, turns: turnCount(own) };
    groups.push(
      note === undefined
        ? { ...base, verification: yield* verifyingEndpointing(before, after, options) }
        : { ...base, note },
    );
    yield;
  }
  return groups;
}

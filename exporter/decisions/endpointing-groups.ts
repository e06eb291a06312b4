import {
  type Endpointing,
  type EndpointingOptions,
  tooFew,
  turnCount,
  workingOutEndpointing,
} from './endpointing.ts';
import type { EndpointingCall } from './endpointing-call.ts';
import type { Verification } from './verify-endpointing.ts';

/** The calls of one agent in one language, and what they come to. */
export interface EndpointingGroup {
  /** Absent: not known. */
  readonly agent?: string | undefined;
  readonly language?: string | undefined;
  readonly turns: number;
  /** Absent: why is in `note`. */
  readonly result?: Endpointing;
  readonly verification?: Verification;
  readonly note?: string;
}

/** What the calls of each agent and language come to, in pieces: where other work is to go on in between. */
export function* endpointingGroups(
  calls: readonly EndpointingCall[],
  options?: EndpointingOptions,
): Generator<void, EndpointingGroup[]> {
  const groups: EndpointingGroup[] = [];
  for (const { calls: own, ...group } of callsByGroup(calls)) {
    const note = tooFew(own);
    const base = { ...group, turns: turnCount(own) };
    groups.push(
      note === undefined
        ? { ...base, result: yield* workingOutEndpointing(own, options) }
        : { ...base, note },
    );
    yield;
  }
  return groups;
}

/** The calls of each agent and language, those with the most turns first. */
export function callsByGroup(
  calls: readonly EndpointingCall[],
): (Pick<EndpointingGroup, 'agent' | 'language'> & { readonly calls: EndpointingCall[] })[] {
  const groups = new Map<string, EndpointingCall[]>();
  for (const call of calls) {
    if (call.turns.length === 0) continue;
    const key = JSON.stringify([call.agent, call.language]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [call]);
    else group.push(call);
  }
  return [...groups.values()]
    .map((group) => ({ agent: group[0]?.agent, language: group[0]?.language, calls: group }))
    .sort((a, b) => turnCount(b.calls) - turnCount(a.calls));
}

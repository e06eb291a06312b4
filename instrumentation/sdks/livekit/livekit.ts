import { context } from '@opentelemetry/api';
import { readSettings } from '../../../model/settings.ts';
import { withScope } from '../../call/scope.ts';
import { guard } from '../../call/spans.ts';
import { at, foreign, type Method, pick, text, wrapOnce } from '../kit/patch.ts';
import { instantMs } from './metrics.ts';
import { callIdOf, roomIdOf } from './room.ts';
import { LiveKitSession } from './session.ts';
import { markOwnSpans } from './spans.ts';

/** `@livekit/agents` 1.4 and later: every `AgentSession`, from its start to its close. */
export function patchLiveKit(moduleExports: unknown): void {
  const voice = pick(moduleExports, 'voice');
  const jobOf = () => {
    const getJobContext: unknown = pick(moduleExports, 'getJobContext');
    return typeof getJobContext === 'function' ? (getJobContext(false) as unknown) : undefined;
  };
  guard('patching @livekit/agents', () => {
    const prototype = at(pick(moduleExports, 'AgentSession') ?? voice?.AgentSession, 'prototype');
    wrapOnce(prototype, 'start', (start) => tracedStart(start, jobOf));
    wrapOnce(prototype, '_updateUserState', exactUserState);
    wrapOnce(prototype, 'interrupt', tracedInterrupt);
  });
  guard('patching @livekit/agents', () =>
    wrapOnce(at(pick(moduleExports, 'AMD') ?? voice?.AMD, 'prototype'), 'execute', tracedDetection),
  );
  guard('marking the spans of @livekit/agents', () => markOwnSpans(moduleExports));
}

/** The sessions that are followed, by the `AgentSession`. */
const followed = new WeakMap<object, LiveKitSession>();
/** Calls that go on, by their id: a second session in the same room is a call of its own. */
const ongoing = new Set<string>();

function tracedStart(start: Method, jobOf: () => unknown): Method {
  return function (this: unknown, ...args) {
    const session = guard('following a LiveKit session', () =>
      follow(this, foreign(args[0])?.room, args, jobOf),
    );
    if (!session) return start.apply(this, args);
    // Below LiveKit's own spans, whose tree stays as it is: what belongs to the call is found by its scope.
    const inside = withScope(context.active(), session.scope);
    const starting = context.with(inside, () => start.apply(this, args));
    if (starting instanceof Promise) starting.then(undefined, (error) => session.failed(error));
    return starting;
  };
}

function follow(
  session: unknown,
  givenRoom: unknown,
  args: readonly unknown[],
  jobOf: () => unknown,
): LiveKitSession | undefined {
  const known = foreign(session);
  // LiveKit ignores the start of a session that has one.
  if (!known || known.started === true || followed.get(known)?.ended === false) return undefined;
  const job = guard('reading the LiveKit job', jobOf);
  const room = givenRoom ?? foreign(job)?.room;
  const agent = foreign(args[0])?.agent;
  const id = callIdOf(job, givenRoom, readSettings({ warn: () => {} }).livekitObservabilityUrl !== undefined);
  const start = {
    agentName: text(at(job, 'job', 'agentName')) ?? text(at(agent, 'id')),
    ...(id !== undefined && !ongoing.has(id) && { id }),
  };
  const following = new LiveKitSession(session as never, start, room, agent, () =>
    ongoing.delete(following.call.id),
  );
  const roomId = roomIdOf(job, room);
  if (roomId !== undefined) following.call.carriedIn({ roomId });
  ongoing.add(following.call.id);
  followed.set(known, following);
  return following;
}

/** LiveKit knows when speech began and ended, and its event says when that was decided. */
const exactUserState = (update: Method): Method =>
  function (this: unknown, ...args) {
    guard("reading LiveKit's user state", () =>
      followed.get(this as object)?.userState(args[0], instantMs(foreign(args[1])?.lastSpeakingTime)),
    );
    return update.apply(this, args);
  };

/** LiveKit itself stops the agent's speech by other ways: this one is the application's. */
const tracedInterrupt = (interrupt: Method): Method =>
  function (this: unknown, ...args) {
    guard('following an interruption', () => followed.get(this as object)?.interrupted());
    return interrupt.apply(this, args);
  };

/** Answering machine detection: `new AMD(session).execute()`. */
const tracedDetection = (execute: Method): Method =>
  function (this: unknown, ...args) {
    const detecting = execute.apply(this, args);
    const session = foreign(foreign(this)?.session);
    const call = session && followed.get(session)?.call;
    if (call && detecting instanceof Promise)
      detecting.then(
        (verdict: unknown) => {
          const amdResult = text(foreign(verdict)?.category);
          if (amdResult !== undefined) call.setTelephonyState({ amdResult });
        },
        () => {},
      );
    return detecting;
  };

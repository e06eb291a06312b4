import { randomUUID } from 'node:crypto';
import type { CallerStep, CallPlan } from './phone-caller.ts';

/** The kinds of calls that the demo and the ground-truth test make. */
export type Scenario = 'plain' | 'barge_in' | 'voicemail' | 'tool_call';

/** Every scenario, in the order in which they are shown. */
export const SCENARIOS: readonly Scenario[] = ['plain', 'barge_in', 'voicemail', 'tool_call'];

const say = (utterance: string): CallerStep => ({ kind: 'say', utterance });
const listen: CallerStep = { kind: 'listen' };
const think: CallerStep = { kind: 'pause', ms: 350 };
const hangUp: CallerStep = { kind: 'hang_up' };

const STEPS: Readonly<Record<Scenario, readonly CallerStep[]>> = {
  plain: [
    ...[listen, think, say('booking-request')],
    ...[listen, think, say('booking-time')],
    ...[listen, think, say('booking-thanks')],
    ...[listen, hangUp],
  ],
  barge_in: [
    ...[listen, think, say('menu-question')],
    { kind: 'barge_in', utterance: 'menu-barge-in', afterMs: 2000 },
    ...[listen, think, say('menu-thanks')],
    ...[listen, hangUp],
  ],
  voicemail: [{ kind: 'pause', ms: 800 }, say('voicemail-greeting'), { kind: 'hold' }],
  tool_call: [
    ...[listen, think, say('hours-question')],
    ...[listen, think, say('table-question')],
    ...[listen, think, say('hours-thanks')],
    ...[listen, hangUp],
  ],
};

/** One call of a scenario. Its id is new each time, as of any call; its telephone number follows from `number`. */
export function planCall(scenario: Scenario, number: number): CallPlan {
  const callSid = `CA${randomUUID().replaceAll('-', '')}`;
  // Numbers of the range that is reserved for fiction.
  const [restaurant, person] = ['+12025550100', `+1202555${String(101 + (number % 99)).padStart(4, '0')}`];
  const outbound = scenario === 'voicemail';
  return {
    callSid,
    direction: outbound ? 'outbound' : 'inbound',
    from: outbound ? restaurant : person,
    to: outbound ? person : restaurant,
    steps: STEPS[scenario],
  };
}

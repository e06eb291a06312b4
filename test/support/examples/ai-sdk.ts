import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallerStep, makeCall } from '../../../demo/phone-caller.ts';
import { planCall } from '../../../demo/scenarios.ts';
import type { Database } from '../../../exporter/store/index.ts';
import type { CallLogRow } from '../../../model/rows.ts';
import type { Measured } from '../accuracy.ts';
import { type ExpectedCall, type ExpectedTurn, expectCall, latencyMeasurements } from '../ground-truth.ts';
import { REGISTER, type StoredCall, startObservedWorld, storedCall } from '../observed-world.ts';
import { packageRoot } from '../root.ts';
import { readStalls, STALL_PROBE, watchStalls } from '../stalls.ts';

const FOLDER = join(packageRoot, 'examples/ai-sdk-agent');

const say = (utterance: string): CallerStep => ({ kind: 'say', utterance });
const listen: CallerStep = { kind: 'listen' };
/** Greeting, a question for the tool, a long answer that is talked over, a goodbye. */
const STEPS: readonly CallerStep[] = [
  ...[listen, say('hours-question')],
  ...[listen, say('menu-question')],
  { kind: 'barge_in', utterance: 'menu-barge-in', afterMs: 1500 },
  ...[listen, say('menu-thanks')],
  ...[listen, { kind: 'hang_up' } as const],
];
/** The first requests of a process load its HTTP client and connect: no server can know of that. */
const WARM_UP: readonly CallerStep[] = [listen, say('hours-question'), listen, { kind: 'hang_up' }];

/** A call to the example, beside what its rows must say. */
export interface AiSdkCall extends Measured {
  readonly expected: ExpectedCall;
  readonly stored: StoredCall;
  /** Each turn's row beside what it must say. */
  readonly turns: readonly {
    readonly where: string;
    readonly row: CallLogRow;
    readonly expected: ExpectedTurn;
  }[];
}

/**
 * Calls examples/ai-sdk-agent, in a process of its own, as it is.
 *
 * @param ready Awaited between a call that warms it up and the call. (Default: there is nothing to wait for.)
 */
export async function callAiSdkAgent(
  databaseUrl: string,
  db: Database,
  ready: () => Promise<void> = async () => {},
): Promise<AiSdkCall> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  const world = await startObservedWorld(databaseUrl, {
    agent: {
      program: join(FOLDER, 'agent.js'),
      cwd: FOLDER,
      nodeArgs: [...REGISTER, ...STALL_PROBE],
      env: { STALLS_FILE: join(folder, 'stalls.json') },
    },
  });
  try {
    const own = watchStalls();
    const { url: agentUrl } = world.agent;
    await makeCall({ ...planCall('plain', 1), steps: WARM_UP }, { agentUrl });
    await ready();
    const call = await makeCall({ ...planCall('plain', 2), steps: STEPS }, { agentUrl });
    const stored = await storedCall(db, call.callSid);
    const expected = expectCall({ ...call, scenario: 'barge_in' }, world.providerTruth(call.callSid));
    await world.close();
    assert.equal(world.agent.complaints, '');
    const turns = stored.logs.map((row, i) => {
      const turn = expected.turns[i];
      assert.ok(turn);
      return { row, expected: turn, where: `turn ${i}` };
    });
    const stalls = [...own, ...(await readStalls(join(folder, 'stalls.json')))];
    return { expected, stored, turns, measurements: latencyMeasurements(turns), stalls };
  } finally {
    await world.close();
    await rm(folder, { recursive: true });
  }
}

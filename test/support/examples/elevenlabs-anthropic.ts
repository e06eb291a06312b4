import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallerStep } from '../../../demo/phone-caller.ts';
import type { Database } from '../../../exporter/store/index.ts';
import type { CallLogRow } from '../../../model/rows.ts';
import type { Measured } from '../accuracy.ts';
import { startElevenLabsWorld } from '../elevenlabs-world.ts';
import { type ExpectedCall, type ExpectedTurn, expectCall, latencyMeasurements } from '../ground-truth.ts';
import { REGISTER, type StoredCall, storedCall } from '../observed-world.ts';
import { readStalls, STALL_PROBE, watchStalls } from '../stalls.ts';

const listen: CallerStep = { kind: 'listen' };
const think: CallerStep = { kind: 'pause', ms: 350 };
const say = (utterance: string): CallerStep => ({ kind: 'say', utterance });
/** The first requests of a process load the HTTP client: that is latency of the stage, and no server can know of it. */
const WARM_UP: readonly CallerStep[] = [listen, say('booking-time'), listen, { kind: 'hang_up' }];
const STEPS: readonly CallerStep[] = [
  ...[listen, think, say('menu-question')],
  { kind: 'barge_in', utterance: 'menu-barge-in', afterMs: 2_000 },
  ...[listen, think, say('hours-question')],
  ...[listen, think, say('hours-thanks')],
  ...[listen, { kind: 'hang_up' } as const],
];

/** A call to the example, beside what its rows must say. */
export interface ElevenLabsCall extends Measured {
  readonly expected: ExpectedCall;
  readonly stored: StoredCall;
  /** Each turn's row beside what it must say. */
  readonly turns: readonly {
    readonly where: string;
    readonly row: CallLogRow;
    readonly expected: ExpectedTurn;
  }[];
  /** What the agent has written there. */
  readonly stderr: string;
}

/**
 * Calls examples/elevenlabs-agent, in a process of its own, as it is.
 *
 * @param ready Awaited between a call that warms it up and the call. (Default: there is nothing to wait for.)
 */
export async function callElevenLabsAgent(
  databaseUrl: string,
  db: Database,
  ready: () => Promise<void> = async () => {},
): Promise<ElevenLabsCall> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  const agentStalls = join(folder, 'stalls.json');
  const world = await startElevenLabsWorld(databaseUrl, {
    nodeArgs: [...REGISTER, ...STALL_PROBE],
    env: { STALLS_FILE: agentStalls },
  });
  try {
    const own = watchStalls();
    await world.call(WARM_UP);
    await ready();
    const { call, truth } = await world.call(STEPS);
    const expected = expectCall(call, truth);
    const stored = await storedCall(db, call.callSid);
    await world.close();
    const turns = stored.logs.flatMap((row, i) => {
      const turn = expected.turns[i];
      return turn ? [{ where: `turn ${i}`, row, expected: turn }] : [];
    });
    const stalls = [...own, ...(await readStalls(agentStalls))];
    const { stderr } = world.agent.output;
    return { expected, stored, turns, measurements: latencyMeasurements(turns), stalls, stderr };
  } finally {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  }
}

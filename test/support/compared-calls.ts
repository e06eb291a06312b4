import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallerStep, type CallProgress, makeCall } from '../../demo/phone-caller.ts';
import { planCall } from '../../demo/scenarios.ts';
import type { WorldCall } from '../../demo/world.ts';
import type { Database } from '../../exporter/store/index.ts';
import type { CallLogRow } from '../../model/rows.ts';
import type { Measured } from './accuracy.ts';
import {
  type ExpectedCall,
  type ExpectedTurn,
  expectCall,
  latencyMeasurements,
  type Measurement,
} from './ground-truth.ts';
import { heardMeasurements } from './heard-truth.ts';
import {
  type ObservedWorld,
  REGISTER,
  type StoredCall,
  startObservedWorld,
  storedCall,
} from './observed-world.ts';
import { speechMeasurements } from './speech-truth.ts';
import { readStalls, STALL_PROBE, watchStalls } from './stalls.ts';

/** Another seed is another run of the same stories: `EARSHOT_TEST_SEED=2 node scripts/test.mjs ground-truth`. */
const SEED = Number(process.env.EARSHOT_TEST_SEED ?? 1);

/** A call beside what its rows must say. */
export interface Compared {
  readonly call: WorldCall;
  readonly expected: ExpectedCall;
  readonly stored: StoredCall;
  /** The silences in what the caller has recorded. */
  readonly heard: readonly Measurement[];
  /** Each turn's row beside what it must say. */
  readonly turns: readonly {
    readonly where: string;
    readonly row: CallLogRow;
    readonly expected: ExpectedTurn;
  }[];
}

/** Four calls at once, and every time that was measured in them. */
export interface ComparedRun extends Measured {
  readonly calls: readonly Compared[];
}

/** Makes the calls with a fresh agent, and watches when the machine stops a process. */
export async function compareRun(databaseUrl: string, db: Database): Promise<ComparedRun> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  const agentStalls = join(folder, 'stalls.json');
  const nodeArgs = [...REGISTER, ...STALL_PROBE];
  const agent = { nodeArgs, env: { STALLS_FILE: agentStalls } };
  const world = await startObservedWorld(databaseUrl, { seed: SEED, agent });
  try {
    const own = watchStalls();
    await warmUp(world.agent.url);
    const calls = await compareCalls(world, db);
    await world.close();
    const stalls = [...own, ...(await readStalls(agentStalls))];
    return { calls, measurements: timings(calls), stalls };
  } finally {
    await world.close();
    await rm(folder, { recursive: true });
  }
}

/** Makes the four calls at once and waits for their rows. */
async function compareCalls(world: ObservedWorld, db: Database): Promise<Compared[]> {
  const made = await world.makeCalls();
  return Promise.all(
    made.map(async (call) => {
      const stored = await storedCall(db, call.callSid);
      const expected = expectCall(call, world.providerTruth(call.callSid));
      assert.equal(stored.logs.length, expected.turns.length, `turns of ${call.scenario}`);
      const turns = stored.logs.flatMap((row, i) => {
        const turn = expected.turns[i];
        return turn ? [{ where: `${call.scenario} turn ${i}`, row, expected: turn }] : [];
      });
      return { call, expected, stored, turns, heard: await heardMeasurements(call, stored, turns) };
    }),
  );
}

/** Every time that was measured, beside the truth. */
function timings(calls: readonly Compared[]): Measurement[] {
  return calls.flatMap(({ call, expected, stored, turns, heard }) => [
    ...latencyMeasurements(turns),
    ...heard,
    ...speechMeasurements(call, stored.metrics),
    ...turns.flatMap(({ where, row, expected: { timeToSilence: truth } }) => {
      const silence = timeToSilence(stored, row.turn_index);
      assert.equal(silence === undefined, truth === null, `${where}: time to silence`);
      if (silence === undefined || truth === null) return [];
      return [{ column: 'time to silence', where, measuredSeconds: silence, truth }];
    }),
    ...(stored.metrics.duration_seconds === null
      ? []
      : [
          {
            column: 'duration_seconds',
            where: call.scenario,
            measuredSeconds: stored.metrics.duration_seconds,
            truth: expected.duration,
          },
        ]),
  ]);
}

/**
 * A call that is not compared: it talks over the greeting, and ends when it is answered. The first requests of a process load
 * the HTTP client and connect before they are sent: that is latency of the stage, and no server can know of it.
 */
async function warmUp(agentUrl: string): Promise<void> {
  let answered = false;
  const steps: readonly CallerStep[] = [
    { kind: 'barge_in', utterance: 'booking-time', afterMs: 0 },
    { kind: 'until', what: 'an answer', met: () => answered },
    { kind: 'hang_up' },
  ];
  const onProgress = ({ kind }: CallProgress): void => {
    answered ||= kind === 'answered';
  };
  await makeCall({ ...planCall('plain', 1000), steps }, { agentUrl, onProgress });
}

function timeToSilence({ facts }: StoredCall, turnIndex: number): number | undefined {
  return facts
    .flatMap((fact) =>
      fact.type === 'turn' && fact.turnIndex === turnIndex ? (fact.interruptions ?? []) : [],
    )
    .find(({ kind }) => kind === 'barge_in')?.timeToSilenceSeconds;
}

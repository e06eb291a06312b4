import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from '../../../demo/agent-process.ts';
import { type CallerStep, type CallTruth, makeCall, type TurnTruth } from '../../../demo/phone-caller.ts';
import type { Database } from '../../../exporter/store/index.ts';
import type { Measured } from '../accuracy.ts';
import type { Interval, Measurement } from '../ground-truth.ts';
import { PROVIDER_HOSTS, REGISTER, type StoredCall, storedCall } from '../observed-world.ts';
import { packageRoot } from '../root.ts';
import type { RealtimeSimulator, RealtimeTruth } from '../simulators/openai-realtime.ts';
import { readStalls, STALL_PROBE, watchStalls } from '../stalls.ts';

const say = (utterance: string): CallerStep => ({ kind: 'say', utterance });
const listen: CallerStep = { kind: 'listen' };
const think: CallerStep = { kind: 'pause', ms: 500 };
const STEPS: readonly CallerStep[] = [
  ...[listen, think, say('hours-question')],
  ...[listen, think, say('menu-question')],
  { kind: 'barge_in', utterance: 'menu-barge-in', afterMs: 2000 },
  ...[listen, think, say('menu-thanks')],
  ...[listen, { kind: 'hang_up' } as const],
];

/** A call to the example, with what the server knows of it. */
export interface RealtimeCall extends Measured {
  readonly call: CallTruth;
  readonly truth: readonly RealtimeTruth[];
  readonly stored: StoredCall;
}

/**
 * One call to a fresh agent, which is the example as it is.
 *
 * @param ready Awaited before the call. (Default: there is nothing to wait for.)
 */
export async function callRealtimeAgent(
  databaseUrl: string,
  db: Database,
  simulator: RealtimeSimulator,
  ready: () => Promise<void> = async () => {},
): Promise<RealtimeCall> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  const agentStalls = join(folder, 'stalls.json');
  const example = join(packageRoot, 'examples/openai-realtime-agent');
  const since = simulator.truth.length;
  const agent = await AgentProcess.start({
    program: join(example, 'agent.js'),
    cwd: example,
    nodeArgs: [...REGISTER, ...STALL_PROBE],
    env: {
      OPENAI_API_KEY: 'simulated',
      OPENAI_BASE_URL: `${simulator.url}/v1`,
      NODE_EXTRA_CA_CERTS: simulator.caPath ?? '',
      DATABASE_URL: databaseUrl,
      EARSHOT_SPOOL_DIR: join(folder, 'spool'),
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      ...PROVIDER_HOSTS,
      STALLS_FILE: agentStalls,
    },
  });
  try {
    const own = watchStalls();
    await ready();
    const plan = {
      callSid: `CA${since}`,
      direction: 'inbound',
      from: '+12025550101',
      to: '+12025550100',
    } as const;
    const call = await makeCall({ ...plan, steps: STEPS }, { agentUrl: agent.url });
    const stored = await storedCall(db, plan.callSid);
    await agent.stop();
    assert.equal(agent.complaints, '');
    const truth = simulator.truth.slice(since);
    const stalls = [...own, ...(await readStalls(agentStalls))];
    return { call, truth, stored, measurements: measure(call, truth, stored), stalls };
  } finally {
    await agent.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every time that was measured, beside the truth. */
function measure(call: CallTruth, truth: readonly RealtimeTruth[], stored: StoredCall): Measurement[] {
  return stored.logs.flatMap((row, i) => {
    const turn = call.turns[i];
    if (!turn) return [];
    const expected = expectTurn(turn, call.turns[i + 1], truth);
    return Object.entries(expected).map(([column, interval]) => {
      const measured = row[column as keyof typeof row];
      const where = `turn ${i}`;
      assert.equal(measured === null, interval === null, `${where}: ${column} = ${measured}`);
      return {
        column,
        where,
        measuredSeconds: Number(measured),
        truth: interval ?? { fromMicros: 0, toMicros: 0 },
      };
    });
  });
}

type Expected = Record<
  'eou_latency' | 'ttfb_llm' | 'latency_llm' | 'ttfb_stt' | 'latency_stt',
  Interval | null
>;

/** What a turn's row must say, from what the caller heard and what the server did. */
function expectTurn(turn: TurnTruth, next: TurnTruth | undefined, all: readonly RealtimeTruth[]): Expected {
  const [from, to] = [turn.speechEndedMicros ?? 0, next?.speechEndedMicros ?? Number.POSITIVE_INFINITY];
  const truth = all.filter(({ atMicros }) => atMicros >= from && atMicros < to);
  const audio = truth.find((event) => isSent(event, 'response.output_audio.delta'));
  const id = audio?.kind === 'sent' ? audio.responseId : undefined;
  const done = truth.find((event) => event.kind === 'responded' && event.responseId === id);
  const asked = truth.findLast(
    (event) =>
      event.atMicros < (audio?.atMicros ?? 0) &&
      event.kind === 'received' &&
      event.event.type === 'response.create',
  );
  // Unasked, the server answers by itself.
  const begun = asked ?? truth.find((event) => isSent(event, 'response.created'));
  const heard = truth.find((event) => isSent(event, 'conversation.item.input_audio_transcription.delta'));
  const final = truth.find((event) => isSent(event, 'conversation.item.input_audio_transcription.completed'));
  const complete = done?.kind === 'responded' && done.status === 'completed';
  return {
    eou_latency: interval(turn.speechEndedMicros, turn.firstAudioMicros),
    ttfb_llm: interval(begun?.atMicros, audio?.atMicros),
    latency_llm: interval(begun?.atMicros, complete ? done.atMicros : undefined),
    ttfb_stt: interval(turn.speechStartedMicros, heard?.atMicros),
    latency_stt: interval(turn.speechEndedMicros, final?.atMicros),
  };
}

const isSent = (event: RealtimeTruth, type: string): boolean => event.kind === 'sent' && event.type === type;

const interval = (fromMicros: number | undefined, toMicros: number | undefined): Interval | null =>
  fromMicros === undefined || toMicros === undefined ? null : { fromMicros, toMicros };

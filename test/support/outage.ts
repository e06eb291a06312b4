import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as passed } from 'node:timers/promises';
import type { ProviderTruth, WorldCall } from '../../demo/world.ts';
import { type ObservedWorld, REGISTER, startObservedWorld } from './observed-world.ts';
import { startPostgres } from './postgres.ts';
import { STALL_PROBE } from './stalls.ts';

const OUTAGE_MS = 20_000;

/** Calls that were made while the database was away, and the world that they were made in. */
export interface CallsThroughOutage {
  readonly url: string;
  readonly world: ObservedWorld;
  readonly calls: readonly WorldCall[];
  /** Where the agent leaves its stalls when it ends. */
  readonly stallsFile: string;
}

/** Stops PostgreSQL for 20 seconds when the first caller has said something. It is back when this resolves. */
export async function callThroughOutage(t: TestContext): Promise<CallsThroughOutage> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const stallsFile = join(folder, 'stalls.json');
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const url = await postgres.createMigrated();
  let outage: Promise<void> | undefined;
  const world = await startObservedWorld(url, {
    agent: {
      nodeArgs: [...REGISTER, ...STALL_PROBE],
      env: { STALLS_FILE: stallsFile },
    },
    onProgress: ({ kind }) => {
      if (kind !== 'said') return;
      outage ??= postgres.down().then(async () => {
        await passed(OUTAGE_MS);
        await postgres.up();
      });
    },
  });
  t.after(() => world.close());
  const calls = await world.makeCalls();
  assert.ok(outage);
  await outage;

  return { url, world, calls, stallsFile };
}

/**
 * How long the agent itself took, in each answer of a call: from the message that ended the utterance to its model
 * request, and from the first synthesised audio to the caller's ear.
 */
export function reactionsMs(call: WorldCall, { deepgram, chat, cartesia }: ProviderTruth): number[] {
  const ends = deepgram.flatMap((event) =>
    event.kind === 'sent' && event.message.type === 'Results' && event.message.speech_final
      ? [event.atMicros]
      : [],
  );
  const requests = chat.flatMap((event) => (event.kind === 'received' ? [event.atMicros] : []));
  const voices = cartesia.flatMap((event) => (event.kind === 'first_byte' ? [event.atMicros] : []));
  const toRequest = ends.flatMap((end, i) => {
    const request = requests.find((at) => at >= end && at < (ends[i + 1] ?? Number.POSITIVE_INFINITY));
    return request === undefined ? [] : [request - end];
  });
  const toEar = call.turns.flatMap(({ initiator, firstAudioMicros: heard }) => {
    const voice = heard === undefined ? undefined : voices.findLast((at) => at <= heard);
    return initiator === 'agent' || heard === undefined || voice === undefined ? [] : [heard - voice];
  });
  return [...toRequest, ...toEar].map((micros) => micros / 1000);
}

import assert from 'node:assert/strict';
import type { WorldCall } from '../../demo/world.ts';
import { BYTES_PER_SAMPLE, wavHeader } from '../../recordings/wav.ts';
import { hear, proveBy } from '../../ui/server/heard.ts';
import { fileOf } from './acoustics.ts';
import type { ExpectedTurn, Measurement } from './ground-truth.ts';
import type { StoredCall } from './observed-world.ts';

/** The silence of each turn as it is heard in what its caller has recorded, beside the true one. */
export async function heardMeasurements(
  { recorded: { stereo, startedMicros } }: WorldCall,
  stored: StoredCall,
  turns: readonly { readonly where: string; readonly expected: ExpectedTurn }[],
): Promise<Measurement[]> {
  const bytes = Buffer.concat([wavHeader(stereo.length / BYTES_PER_SAMPLE), stereo]);
  const { heard } = await hear(fileOf(bytes));
  const proof = proveBy(stored, [{ heard, startUs: startedMicros }]);
  return turns.flatMap(({ where, expected }, index) => {
    const truth = expected.latencies.eou_latency;
    const turn = proof.turns[index];
    assert.equal(
      turn?.heard === undefined,
      truth === null,
      `${where}: heard ${turn?.heard}, ${turn?.reason}`,
    );
    if (truth === null || turn?.heard === undefined) return [];
    return [{ column: 'heard silence', where, measuredSeconds: turn.heard, truth }];
  });
}

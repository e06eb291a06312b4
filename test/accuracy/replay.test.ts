import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCallFile, writeCallFile } from '../../exporter/call-file/index.ts';
import { assertUnlessStarved } from '../support/accuracy.ts';
import { callFileOf } from '../support/call-files.ts';
import { callToReplay } from '../support/call-to-replay.ts';
import { runCli } from '../support/cli.ts';
import { readStalls, STALL_PROBE, watchStalls } from '../support/stalls.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A frame of the line is 20 ms, and the transcript of a frame comes with its end. */
const NEAR = '60ms';

test('a call that is made again with the agent of the demo is silent for as long as it was', async (t) => {
  const folder = await temporaryFolder(t);
  const [path, out] = [join(folder, 'bad-call.earshot'), join(folder, 'replayed.earshot')];
  await writeCallFile(path, callFileOf(callToReplay(), undefined, false));
  const own = watchStalls();
  const replayed = async (name: string, ...options: readonly string[]) => {
    const file = join(folder, `stalls-${name}.json`);
    // Of the command, whose caller and providers keep the time, and of the agent.
    const env = { NODE_OPTIONS: STALL_PROBE.join(' '), STALLS_FILE: file };
    const run = await runCli(['replay', path, ...options, '--json'], { cwd: folder, env });
    return { run, stalls: [...own, ...(await readStalls(file))] };
  };
  // The caller speaks for seconds, in which two replays are in no one's way.
  const [{ run: replay, stalls }, slow] = await Promise.all([
    replayed('near', '--within', NEAR, '--out', out),
    replayed('slow', '--max-silence', '1.2s'),
  ]);
  const { turns, notes } = JSON.parse(replay.stdout);
  const made = await readCallFile(out);
  for (const { turn_index, saved, replayed, heard } of turns)
    t.diagnostic(`turn ${turn_index}: ${saved.silence} s, again ${replayed.silence} s, heard ${heard} s`);
  assertUnlessStarved(stalls, () => {
    assert.equal(replay.code, 0, replay.stdout + replay.stderr);
    assert.equal(notes.length, 1);
    assert.match(replay.stderr, /the caller has spoken\n[\s\S]*the caller cuts the agent off/);
    assert.deepEqual(
      turns.map((turn: Record<string, unknown>) => [turn.turn_index, turn.replayed_turn_index]),
      [
        [0, 0],
        [1, 1],
      ],
    );
    assert.deepEqual(
      made.turns.map(({ interrupted, llm_input_tokens }) => [interrupted, llm_input_tokens]),
      [
        [true, 300],
        [false, 320],
      ],
    );
    for (const { saved, replayed, heard } of turns) {
      assert.ok(Math.abs(replayed.silence - saved.silence) < 0.06);
      assert.ok(Math.abs(replayed.silence - heard) < 0.03);
    }
  });
  const { verdicts } = JSON.parse(slow.run.stdout);
  assertUnlessStarved(slow.stalls, () => {
    assert.equal(slow.run.code, 1);
    assert.deepEqual(
      verdicts.map(({ status }: { status: string }) => status),
      ['broken', 'holds'],
    );
  });
});

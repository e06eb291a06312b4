import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { replay as replayCommand } from '../../cli/commands/replay.ts';
import { readCallFile, writeCallFile } from '../../exporter/call-file/index.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';
import { callFileOf } from '../support/call-files.ts';
import { callToReplay, SLOW_TURNS } from '../support/call-to-replay.ts';
import { runCli, startCli } from '../support/cli.ts';
import { poll } from '../support/poll.ts';
import { packageRoot } from '../support/root.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const DIES_WHEN_CALLED = `\
require('node:http')
  .createServer(() => {
    console.log('no such voice');
    process.exit(4);
  })
  .listen(process.env.PORT, '127.0.0.1');`;

/** One that was killed and that no one has asked after yet is no more. */
const isRunning = (pid: number): boolean =>
  /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' }).stdout.trim());

// The caller speaks in real time, so that a busy machine makes other turns of it: which, and how near their timings are, is
// for test/accuracy.
test('a saved call is made again with an agent that knows nothing of it, and leaves no database', async (t) => {
  const folder = await temporaryFolder(t);
  const [path, out] = [join(folder, 'bad-call.earshot'), join(folder, 'replayed.earshot')];
  await writeCallFile(path, callFileOf(callToReplay(), undefined, false));
  // A database of an application, and its keys: a replay has no business with either.
  const env = {
    DATABASE_URL: 'postgres://app@127.0.0.1:1/app',
    EARSHOT_DATABASE_URL: 'postgres://app@127.0.0.1:1/app',
    GROQ_API_KEY: 'of a person',
    GROQ_BASE_URL: 'http://127.0.0.1:1',
  };
  const agent = join(packageRoot, 'examples/phone-agent/agent.js');
  const replay = await runCli(
    ['replay', path, '--max-silence', '10m', '--json', '--out', out, '--', process.execPath, agent],
    { cwd: folder, env },
  );
  const { turns, verdicts, notes } = JSON.parse(replay.stdout);
  const statuses = verdicts.map(({ status }: { status: string }) => status);
  assert.equal(statuses.length, 2);
  const holds = statuses.every((status: string) => status === 'holds');
  assert.equal(replay.code, holds ? 0 : 1, replay.stdout + replay.stderr);
  assert.deepEqual(
    turns.map(({ saved }: { saved: { silence: number } }) => saved.silence),
    SLOW_TURNS,
  );
  for (const { replayed_turn_index, replayed, heard, difference, saved } of turns) {
    if (replayed_turn_index === null) continue;
    const sum = SEGMENTS.reduce((all, segment) => all + (replayed.segments[segment] ?? 0), 0);
    assert.equal(Math.round(sum * 1e6), Math.round(replayed.silence * 1e6));
    assert.ok(heard === null || heard > 0);
    assert.equal(Math.round(difference * 1e6), Math.round((replayed.silence - saved.silence) * 1e6));
    // Providers are never sooner than they were.
    assert.ok(replayed.segments.llm >= saved.segments.llm - 0.005, JSON.stringify(replayed));
    assert.ok(replayed.segments.tts >= saved.segments.tts - 0.005, JSON.stringify(replayed));
  }
  assert.equal(
    notes[0],
    'What was said is not in the file: the caller spoke words that say nothing, as long as those that were said.',
  );
  assert.match(replay.stderr, /the caller has spoken\n/);
  await assert.rejects(access(join(folder, '.earshot')), 'no database was made');

  const made = await readCallFile(out);
  assert.equal(made.metrics.direction, 'outbound');
  const io = { out: assert.fail, err: () => {}, stream: assert.fail, colour: false, width: 100, screen: 100 };
  const again = (options: Record<string, string>, ...command: string[]) =>
    replayCommand.run({ arguments: [path, ...command], options, io });
  await assert.rejects(
    again({}, process.execPath, '-e', 'console.log("no key"); process.exit(3)'),
    /CommandError: the agent did not start: it ended \(exit code 3\)\.\nno key/,
  );
  await assert.rejects(
    again({}, process.execPath, '-e', DIES_WHEN_CALLED),
    /CommandError: the call came to no end: .*\. The agent is gone: it ended \(exit code 4\)\.\nno such voice/,
  );
  await assert.rejects(
    again({ call: 'https://example.com/twiml' }),
    /UsageError: --call: saw https:\/\/example\.com\/twiml, expected an address of this machine/,
  );
  const spoken = callToReplay().map((fact) =>
    fact.type === 'stage' && fact.stage === 'llm' ? { ...fact, realtime: true as const } : fact,
  );
  const realtime = join(folder, 'realtime.earshot');
  await writeCallFile(realtime, callFileOf(spoken, undefined, false));
  await assert.rejects(
    replayCommand.run({ arguments: [realtime], options: {}, io }),
    /CommandError: .*realtime\.earshot: a model that hears and speaks itself took part in this call, and nothing here stands in for one\./,
  );
  await assert.rejects(again({ out }), /UsageError: --out: .*replayed\.earshot is there already/);
  await assert.rejects(
    again({ within: '5' }),
    /UsageError: --within: saw 5, expected a duration with a unit/,
  );
});

test('a replay that is interrupted leaves no agent, also while one starts that is of several processes', {
  skip: process.platform === 'win32' && 'Windows has no such signals',
}, async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'bad-call.earshot');
  await writeCallFile(path, callFileOf(callToReplay(), undefined, false));
  // What the shell has started takes no notice of SIGTERM.
  const child = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1e3); require('fs').writeFileSync('pid', String(process.pid))`;
  const command = ['sh', '-c', `"$0" -e "$1" & wait`, process.execPath, child];
  const replay = startCli(['replay', path, '--', ...command], { cwd: folder });
  const pid = await poll(
    async () => Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => '')) || undefined,
  );
  replay.kill('SIGTERM');
  assert.equal((await replay.ended).code, 143);
  await poll(() => !isRunning(pid));
});

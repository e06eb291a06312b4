import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Spool } from '../../exporter/spool/spool.ts';
import { CALL_LOGS, CALL_METRICS } from '../../exporter/store/index.ts';
import type { CallAnswer } from '../../ui/shared/api.ts';
import { showSeconds } from '../../ui/shared/format.ts';
import { assertUnlessStarved } from '../support/accuracy.ts';
import { Complaints, startBrowser, withoutBrowser } from '../support/browser.ts';
import { CliLines, type CliRun, runCli, startCli } from '../support/cli.ts';
import { poll } from '../support/poll.ts';
import { watchStalls } from '../support/stalls.ts';
import { GOLDEN_CALLS } from '../unit/calls/golden.ts';

/** A database is made, which is seconds of work. */
const FIRST_START_MS = 300_000;

/** A call that has ended. */
const EARLIER = GOLDEN_CALLS.find(({ name }) => name === 'plain')?.facts ?? [];

type Row = Readonly<Record<string, unknown>>;
type ReportedCall = Row & { readonly call_id: string; readonly turns: readonly Row[] };

describe('the demo on a machine with nothing but Node, and what it leaves', () => {
  let folder = '';
  let demo: CliRun;
  let meanwhile: CliRun;
  let calls: readonly ReportedCall[] = [];
  const cli = new CliLines();
  const stalls = watchStalls();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earshot-demo-'));
    // What an earlier one could not write: the call of a caller who waits, say.
    const spool = join(folder, 'spool');
    await new Spool({ folders: [{ path: spool, named: true }], maxBytes: 1_000_000 }).append(EARLIER);
    // Of a process that has ended.
    for (const file of await readdir(spool)) await utimes(join(spool, file), 0, 0);
    // The application's own database, most likely: a demo has no business there.
    const env = {
      EARSHOT_SPOOL_DIR: spool,
      DATABASE_URL: 'postgres://app@127.0.0.1:1/app',
      OTEL_RESOURCE_ATTRIBUTES: 'team=voice',
      EARSHOT_RECORDINGS: 'recordings',
    };
    const running = startCli(['demo', '--json', '--record', 'callers'], { cwd: folder, env });
    const listening = () => running.output.stderr.includes('listening on');
    await Promise.race([
      poll(listening, { what: 'the agent to listen', deadlineMs: FIRST_START_MS }),
      running.ended,
    ]);
    meanwhile = await runCli(['report', '--json'], { cwd: folder });
    demo = await running.ended;
    if (demo.code === 0) calls = JSON.parse(demo.stdout).calls;
  });

  after(async () => {
    await cli.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const report = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(['report', ...args], { cwd: folder });
    assert.equal(code, 0, stderr);
    return stdout;
  };

  test('what the callers heard is kept: every silence that has a row is in it', async () => {
    const { code, stdout, stderr } = await cli.run(['verify', '--all', '--json'], {
      cwd: folder,
      env: { EARSHOT_RECORDINGS: join(folder, 'callers') },
    });
    assert.equal(code, 0, stderr);
    const { calls: heard, unheard } = JSON.parse(stdout);
    assert.deepEqual([heard.length, unheard], [calls.length, []]);
    for (const { turns } of heard as { turns: { eou_latency: number | null; heard: number | null }[] }[])
      for (const turn of turns) assert.equal(turn.heard === null, turn.eou_latency === null);
  });

  test('it works', () => {
    assert.equal(demo.code, 0, demo.stderr);
  });

  test('it says something within 5 seconds, and takes less than 60', (t) => {
    t.diagnostic(
      `first output after ${demo.firstOutputMs?.toFixed(0)} ms, end after ${demo.durationMs.toFixed(0)} ms`,
    );
    assertUnlessStarved(stalls, () => {
      assert.ok(demo.firstOutputMs !== undefined && demo.firstOutputMs < 5_000);
      assert.ok(demo.durationMs < 60_000);
    });
  });

  test('progress goes to stderr, so that the JSON can be piped', () => {
    for (const scenario of ['plain', 'barge_in', 'voicemail', 'tool_call']) {
      assert.match(demo.stderr, new RegExp(`^${scenario} +hears the agent after \\d+ ms`, 'm'));
    }
  });

  test('it gives four calls with every column of the tables', () => {
    assert.equal(calls.length, 4);
    const outcomes = calls.map(({ outcome }) => String(outcome)).sort();
    assert.deepEqual(outcomes, ['SUCCESS', 'SUCCESS', 'VOICEMAIL', 'null']);
    for (const call of calls) {
      const { turns, ...metrics } = call;
      assert.deepEqual(
        Object.keys(metrics).sort(),
        [...Object.keys(CALL_METRICS), 'finalized_at', 'finalized_by'].sort(),
      );
      assert.equal(turns.length, metrics.turn_count);
      assert.equal(typeof metrics.eou_latency_p50, 'number');
      assert.equal(typeof metrics.eou_latency_p95, 'number');
      assert.match(String(metrics.started_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      for (const component of ['stt', 'tts', 'telephony', 'total']) {
        assert.match(String(metrics[`cost_${component}`]), /^0\.\d+$/, component);
      }
      assert.deepEqual(metrics.unpriced, []);
      for (const [index, turn] of turns.entries()) {
        assert.deepEqual(Object.keys(turn).sort(), Object.keys(CALL_LOGS).sort());
        assert.equal(turn.turn_index, index);
      }
    }
    const interruptions = calls.map((call) => Number(call.interruption_count));
    assert.equal(Math.max(...interruptions), 1);
  });

  test('another process reads its database meanwhile', () => {
    assert.equal(meanwhile.code, 0, meanwhile.stderr);
    assert.ok(Array.isArray(JSON.parse(meanwhile.stdout).calls));
  });

  test('the rows stay: report --json gives the same', async () => {
    assert.deepEqual(JSON.parse(await report('--json')).calls, calls);
  });

  test('what an earlier demo left in a spool stays there', async () => {
    assert.equal((await readdir(join(folder, 'spool'))).length, 1);
  });

  test('report lists the calls, and what they come to', async () => {
    const text = await report();
    for (const { call_id } of calls) assert.ok(text.includes(call_id.slice(0, 12)), call_id);
    for (const word of ['p50', 'p95', 'VOICEMAIL', 'stt', 'llm', 'tts', 'telephony']) {
      assert.match(text, new RegExp(word, 'i'));
    }
  });

  test('report CALL shows each turn as a waterfall', async () => {
    const interrupted = calls.find((call) => call.interruption_count === 1);
    assert.ok(interrupted);
    const text = await report(interrupted.call_id);
    for (const stage of ['stt', 'llm', 'tts', 'playback']) assert.match(text, new RegExp(`\\b${stage}\\b`));
    for (const segment of ['endpointing', 'aggregation', 'playout']) assert.match(text, new RegExp(segment));
    const one = JSON.parse(await report(interrupted.call_id, '--json'));
    assert.deepEqual(one, interrupted);
  });

  test('ui shows them: from the list to the turn that was slow, narrowed, beside another, and as a file', {
    skip: withoutBrowser,
  }, async (t) => {
    const env = { EARSHOT_RECORDINGS: join(folder, 'recordings') };
    const ui = startCli(['ui', '--port', '0'], { cwd: folder, env });
    t.after(() => ui.kill('SIGKILL'));
    const url = await poll(() => /^http:\S+/.exec(ui.output.stdout)?.[0], { what: 'the page' });
    const browser = await startBrowser();
    t.after(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    const complaints = new Complaints();
    await complaints.watch(page, url);
    await page.goto(url);
    const rows = page.locator('.call-row');
    await poll(async () => (await rows.count()) === calls.length, { what: 'the calls' });

    const slowest = calls
      .flatMap((call) => call.turns.map((turn) => ({ call, turn, silence: Number(turn.eou_latency) })))
      .reduce((a, b) => (b.silence > a.silence ? b : a));
    await page.getByRole('columnheader', { name: 'p95' }).getByRole('link').click();
    await page.getByRole('link', { name: slowest.call.call_id }).click();
    const turn = page.getByRole('region', { name: `Turn ${slowest.turn.turn_index}` });
    await turn.getByText(showSeconds(slowest.silence)).first().waitFor();
    await turn.getByText('playback: observed').waitFor();
    await page.locator('.transcript').getByText('caller').first().waitFor();
    await page.getByRole('button', { name: 'Play' }).waitFor();
    for (const { call_id, duration_seconds } of calls) {
      const answer = (await (await fetch(`${url}/api/calls/${call_id}`)).json()) as CallAnswer;
      const [recording, ...more] = answer.recordings;
      assert.ok(recording && more.length === 0, call_id);
      assert.equal(recording.start, 0);
      // To the sample, an eighth of a millisecond.
      assert.ok(Math.abs(recording.seconds - Number(duration_seconds)) < 0.000_13, `${recording.seconds}`);
    }

    await page.locator('.call-title').getByRole('link', { name: 'Compare' }).click();
    await page.locator('.other-calls a').first().click();
    await page
      .getByRole('region', { name: 'Call B' })
      .getByRole('heading', { name: 'Silence by turn' })
      .waitFor();

    await page.getByRole('navigation').getByRole('link', { name: 'Calls' }).click();
    await page.getByRole('combobox', { name: 'Outcome' }).selectOption('VOICEMAIL');
    await poll(async () => (await rows.count()) === 1, { what: 'the voicemail alone' });
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'JSON' }).click(),
    ]);
    const [exported, ...others] = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.deepEqual([exported.outcome, others.length], ['VOICEMAIL', 0]);
    assert.deepEqual(complaints.all, []);
    ui.kill('SIGINT');
    assert.equal((await ui.ended).code, 0, ui.output.stderr);
  });

  test('migrate finds nothing to do', async () => {
    const { code, stdout } = await cli.run(['migrate', '--json'], { cwd: folder });
    assert.equal(code, 0);
    const { applied, version } = JSON.parse(stdout);
    assert.deepEqual(applied, []);
    assert.ok(version >= 1);
  });

  test('its calls are marked, and removed when asked', async () => {
    for (const { tags } of calls) assert.deepEqual(tags, { 'earshot.demo': 'true' });
    const { code, stdout, stderr } = await cli.run(['demo', '--clean'], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Removed 4 calls from /);
    assert.deepEqual(JSON.parse(await report('--json')).calls, []);
  });
});

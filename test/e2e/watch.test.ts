import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CallsAnswer } from '../../ui/shared/api.ts';
import { CliLines, startCli } from '../support/cli.ts';
import { poll } from '../support/poll.ts';
import { fixture, Program } from '../support/program.ts';

/** A database is made, which is seconds of work. */
const FIRST_START_MS = 300_000;

describe('earshot watch, with nothing but its own database', () => {
  let cwd = '';
  const cli = new CliLines();
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'earshot-watch-'));
  });
  after(async () => {
    await cli.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  const callIds = async () => {
    const { code, stdout, stderr } = await cli.run(['report', '--json'], { cwd });
    assert.equal(code, 0, stderr);
    return (JSON.parse(stdout).calls as { call_id: string }[]).map(({ call_id }) => call_id).sort();
  };

  test('runs a command as it is, shows its calls, in the end and before, and leaves input, output, signals and exit code to it', async (t) => {
    // DATABASE_URL is the agent's own: nothing is written there.
    const env = {
      EARSHOT_FINALIZE_DELAY: '50ms',
      DATABASE_URL: 'postgres://agent:secret@127.0.0.1:1/agent',
      OTEL_TRACES_SAMPLER: 'always_off',
    };
    const args = ['watch', '--port', '0', process.execPath, fixture('watched.mjs'), '--port', '80'];
    const watch = startCli(args, { cwd, env, input: 'a word\n' });
    t.after(() => watch.kill('SIGKILL'));
    await poll(() => watch.output.stdout.includes('heard'), {
      what: 'the agent',
      deadlineMs: FIRST_START_MS,
    });
    await poll(async () => (await callIds()).includes('ended'), { what: 'a row while it runs' });
    const [, watched] = /watches at (\S+), .* Open that address/.exec(watch.output.stderr) ?? [];
    assert.equal((await fetch(`${watched}/calls`)).status, 200);
    const byWatch = (await (await fetch(`${watched}/api/calls`)).json()) as CallsAnswer;
    assert.ok(
      byWatch.calls.some(({ call }) => call.call_id === 'ended'),
      'on its own page',
    );
    const page = startCli(['ui', '--port', '0'], { cwd });
    t.after(() => page.kill('SIGKILL'));
    await poll(() => page.output.stdout.includes('\n'), { what: 'the page' });
    const onPage = async () => {
      const answer = await fetch(`${page.output.stdout.trim()}/api/calls?since=all`);
      assert.equal(answer.status, 200);
      return ((await answer.json()) as CallsAnswer).calls.map(({ call }) => call.call_id).sort();
    };
    assert.ok((await onPage()).includes('ended'), 'the page beside it');
    watch.kill('SIGTERM');
    const { code, stdout, stderr } = await watch.ended;
    assert.equal(code, 3, stderr);
    assert.deepEqual(stdout.split('\n').sort(), ['', 'drained', 'heard a word', 'in a call']);
    assert.doesNotMatch(stderr, /secret|\[warn\]|\[error\]/);
    for (const callId of ['ended', 'open']) assert.match(stderr, new RegExp(`^${callId} `, 'm'));
    assert.match(
      stderr,
      /^EARSHOT_DATABASE_URL=none earshot ui shows .* EARSHOT_DATABASE_URL=none earshot report CALL /m,
    );
    assert.deepEqual(await callIds(), ['ended', 'open']);
    assert.deepEqual(await onPage(), ['ended', 'open'], 'the page goes on with the database');
    page.kill('SIGINT');
    assert.equal((await page.ended).code, 0, page.output.stderr);
  });

  test('without a command says what agents need that are started elsewhere, and shows each call as it ends', async (t) => {
    const watch = startCli(['watch', '--port', '0', '--no-ui'], {
      cwd,
      env: { EARSHOT_FINALIZE_DELAY: '50ms' },
    });
    t.after(() => watch.kill('SIGKILL'));
    await poll(() => watch.output.stderr.includes('Ctrl-C'), { what: 'the variables' });
    assert.match(watch.output.stderr, /in another terminal .*earshot ui shows them/);
    const variables = [...watch.output.stderr.matchAll(/export (\w+)="?([^"\n]+)/g)];
    const { NODE_OPTIONS, EARSHOT_WATCH_URL, ...others } = Object.fromEntries(
      variables.map(([, name, value]) => [name, value]),
    );
    assert.deepEqual(others, {
      OTEL_EXPORTER_OTLP_ENDPOINT: EARSHOT_WATCH_URL,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    });
    const agents = [
      new Program('one-call.mjs', {
        nodeArgs: [],
        args: ['by watch'],
        env: { NODE_OPTIONS: String(NODE_OPTIONS), EARSHOT_WATCH_URL: String(EARSHOT_WATCH_URL) },
      }),
      new Program('one-call.mjs', { args: ['by otlp'], env: others as Record<string, string> }),
    ];
    assert.equal((await fetch(`${EARSHOT_WATCH_URL}/calls`)).status, 404, 'no page was asked for');
    for (const agent of agents) {
      const { code, stderr } = await agent.ended;
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
    }
    for (const callId of ['by watch', 'by otlp'])
      await poll(() => watch.output.stdout.includes(`${callId}  0:0`), { what: callId });
    watch.kill('SIGINT');
    const { code, stderr } = await watch.ended;
    assert.equal(code, 0, stderr);
  });
});

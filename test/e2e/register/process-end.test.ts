import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { CallSpanProcessor } from '../../../exporter/processor.ts';
import { openPostgres } from '../../../exporter/store/postgres.ts';
import { getCallLogs, getCallMetrics } from '../../../exporter/store/read.ts';
import { codeBlocks, PAGES } from '../../support/docs/pages.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { Program, run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** How a process may end in the middle of a call, and the signal that it is sent. */
const ENDS: readonly { how: string; signal?: NodeJS.Signals; code: number }[] = [
  { how: 'exits at once', code: 0 },
  { how: 'exits', code: 0 },
  { how: 'crashes', code: 1 },
  { how: 'is stopped', signal: 'SIGTERM', code: 143 },
  { how: 'drains', signal: 'SIGTERM', code: 0 },
];

/** Lines in the files of a spool folder. */
const spooled = (dir: string): number =>
  readdirSync(dir).reduce(
    (sum, name) => sum + readFileSync(join(dir, name), 'utf8').split('\n').length - 1,
    0,
  );

describe('spans that end before the pipeline is loaded', { concurrency: 2 }, () => {
  const environment = async (t: TestContext) => ({
    DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
    EARSHOT_SPOOL_DIR: await temporaryFolder(t),
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
  });

  test('are in the spool when the process exits in its first tick, three thousand of them', async (t) => {
    const env = await environment(t);
    const end = await run('many-spans.mjs', { args: ['3000', 'exits'], env });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(spooled(env.EARSHOT_SPOOL_DIR), 3_000);
    assert.doesNotMatch(end.stderr, /dropped/);
  });

  for (const how of ['exits', 'runs on'])
    test(`are counted where they find no room, in a process that ${how}`, async (t) => {
      const env = { ...(await environment(t)), EARSHOT_BUFFER_SPANS: '1000' };
      const end = await run('many-spans.mjs', { args: ['3000', how], env });
      assert.equal(spooled(env.EARSHOT_SPOOL_DIR), 1_000);
      assert.match(end.stderr, /spans dropped and counted.*\(EARSHOT_BUFFER_SPANS\)/);
      const said = end.stderr.matchAll(/(\d+) (?:more )?spans dropped and counted/g);
      assert.equal(
        [...said].reduce((sum, [, count]) => sum + Number(count), 0),
        2_000,
        end.stderr,
      );
    });

  test('are said to be lost where the spool cannot be used', async (t) => {
    const env = { ...(await environment(t)), EARSHOT_SPOOL_DIR: '/dev/null/spool' };
    const end = await run('many-spans.mjs', { args: ['10', 'exits'], env });
    assert.match(end.stderr, /10 spans are lost: the process exits, and the spool .*cannot be used/);
  });
});

describe('a process in the middle of a call', { concurrency: 2 }, () => {
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());

  for (const { how, signal, code } of ENDS) {
    test(`${how}: the call is ended, and the next process has its row`, async (t) => {
      const url = await postgres.createDatabase();
      const env = {
        DATABASE_URL: url,
        EARSHOT_SPOOL_DIR: await temporaryFolder(t),
        EARSHOT_FINALIZE_DELAY: '0s',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'none',
      };
      const program = new Program('ends-mid-call.mjs', { args: ['call-cut', how], env });
      if (signal) {
        await program.printed('ready');
        program.kill(signal);
      }
      const end = await program.ended;
      assert.equal(end.code, code, end.stderr);

      const next = new CallSpanProcessor({
        databaseUrl: url,
        spoolDir: env.EARSHOT_SPOOL_DIR,
        finalizeDelay: 0,
      });
      const database = openPostgres({ url });
      try {
        await poll(async () => (await getCallMetrics(database, 'call-cut').catch(() => {})) !== undefined);
        const call = await getCallMetrics(database, 'call-cut');
        assert.equal(call?.end_reason, 'process_exit', end.stderr);
        assert.equal(call.turn_count, 1);
        assert.equal(call.stt_audio_seconds, 1.5);
        const [turn] = await getCallLogs(database, 'call-cut');
        assert.equal(turn?.llm_provider, 'groq');
        assert.equal(turn.latency_llm, null);
      } finally {
        await next.shutdown();
        await database.close();
      }
    });
  }

  test('is frozen when a function has answered, as docs/guides/serverless.md has it: everything is delivered', async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, 'node_modules'));
    await symlink(packageRoot, join(folder, 'node_modules/earshot'));
    const page = PAGES.filter(({ path }) => path === 'docs/guides/serverless.md');
    const [handler] = page.flatMap(codeBlocks).filter(({ language }) => language === 'js');
    await writeFile(join(folder, 'handler.mjs'), handler?.code ?? '');
    await writeFile(
      join(folder, 'agent.mjs'),
      `import { currentCall } from 'earshot';
      export const answer = async ({ callId }) => {
        currentCall().startTurn().end();
        return \`answered \${callId}\`;
      };`,
    );
    const [collector, url] = await Promise.all([OtlpReceiver.start(), postgres.createMigrated()]);
    t.after(() => collector.close());
    const database = openPostgres({ url });
    t.after(() => database.close());
    const spoolDir = await temporaryFolder(t);
    const program = new Program('freezing-runtime.mjs', {
      args: [join(folder, 'handler.mjs'), 'call-function', 'call-function'],
      env: {
        DATABASE_URL: url,
        EARSHOT_SPOOL_DIR: spoolDir,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
    });
    t.after(() => program.kill('SIGKILL'));
    await program.printed('answered call-function');
    assert.deepEqual(collector.spans.map(({ name }) => name).sort(), ['voice.call', 'voice.turn']);
    // On a machine so busy that the database is late, in the spool.
    const journal = await database.query('SELECT FROM earshot.call_spans');
    assert.equal(journal.length + spooled(spoolDir), 2);
    // Again and again, as it may not stand still yet.
    const thaw = setInterval(() => program.kill('SIGCONT'), 20);
    t.after(() => clearInterval(thaw));
    await program.printed('answered call-function\nanswered call-function');
    // The platform is done with the function, and says so.
    program.kill('SIGTERM');
    const end = await program.ended;
    assert.equal(end.code, 143, end.stderr);
    assert.equal(collector.spans.length, 4);
    assert.equal((await getCallMetrics(database, 'call-function'))?.turn_count, 2);
  });
});

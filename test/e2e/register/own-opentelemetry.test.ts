import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { openPostgres } from '../../../exporter/store/postgres.ts';
import { getCallMetrics } from '../../../exporter/store/read.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import {
  EARSHOT_FILES,
  fixture,
  type ProgramEnd,
  type ProgramOptions,
  REGISTER,
  run,
} from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** What a program was told, but for where its spool is: in a container that may be lost. */
const complaints = ({ stderr }: ProgramEnd): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.includes('lost with this container'));

const CALL = ['chat llama-3.1-8b-instant', 'voice.call', 'voice.turn'];

describe("an application's own OpenTelemetry", { concurrency: 2 }, () => {
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());

  /** Runs a program whose SDK exports to one collector, and earshot's variables name another. */
  async function runWithTwo(
    t: TestContext,
    program: string,
    calls: readonly string[],
    options: ProgramOptions = {},
  ) {
    const [ours, theirs] = await Promise.all([OtlpReceiver.start(), OtlpReceiver.start()]);
    t.after(() => Promise.all([ours.close(), theirs.close()]));
    const url = await postgres.createMigrated();
    const end = await run(program, {
      ...options,
      args: calls,
      env: {
        DATABASE_URL: url,
        THEIRS: theirs.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: ours.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        ...options.env,
      },
    });
    assert.equal(end.code, 0, end.stderr);
    const database = openPostgres({ url });
    try {
      const rows = await Promise.all(calls.map((call) => getCallMetrics(database, call)));
      return { ours, theirs, end, rows };
    } finally {
      await database.close();
    }
  }

  // theirs: early tracer          theirs: voice.turn        theirs: voice.turn       ours: voice.call
  //           `- its child                  `- chat …                 `- chat …      (was open at the hand-over)
  //                                 (of both calls)           theirs: voice.call
  test('a NodeSDK that is started in code takes over, and everything is exported once', async (t) => {
    const { ours, theirs, end, rows } = await runWithTwo(
      t,
      fixture('own-sdk/node-sdk.mjs'),
      ['call-open', 'call-late'],
      { env: { OTEL_LOGS_EXPORTER: 'otlp' } },
    );
    assert.deepEqual(complaints(end), []);
    assert.deepEqual(end.stdout.trim().split('\n'), ['context kept: true', 'propagator: x-application']);
    const namesOf = (collector: OtlpReceiver, call?: string) =>
      collector.spans
        .filter(({ attributes }) => attributes['voice.call.id'] === call)
        .map(({ name }) => name)
        .sort();
    assert.deepEqual(namesOf(theirs), ['early tracer', 'its child']);
    assert.deepEqual(namesOf(theirs, 'call-late'), CALL);
    assert.deepEqual(namesOf(theirs, 'call-open'), ['chat llama-3.1-8b-instant', 'voice.turn']);
    assert.deepEqual(
      ours.spans.map(({ name, attributes }) => [name, attributes['voice.call.id']]),
      [['voice.call', 'call-open']],
    );
    assert.ok(theirs.spans.every(({ resource }) => resource['service.name'] === 'application'));
    assert.deepEqual(theirs.metricNames.filter((name) => name === 'application.count').length, 1);
    assert.ok(!ours.metricNames.includes('application.count'));
    const logRequests = ({ requests }: OtlpReceiver) =>
      requests.filter(({ path }) => path === '/v1/logs').length;
    assert.deepEqual([logRequests(theirs), logRequests(ours)], [1, 0]);
    for (const metrics of rows) {
      assert.equal(metrics?.turn_count, 1);
      assert.equal(metrics.llm_input_tokens, 10);
    }
    assert.equal(rows[1]?.service_name, 'application');
  });

  test('an SDK 3 in a bundle with a copy of the API: its sampler decides what it exports, and rows are of every call', async (t) => {
    const folder = await temporaryFolder(t);
    await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
    const bundle = join(folder, 'bundle.mjs');
    await build({
      entryPoints: [fixture('own-sdk/sdk-3.mjs')],
      outfile: bundle,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      alias: EARSHOT_FILES,
      external: [join(packageRoot, 'dist/*')],
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    const { ours, theirs, end, rows } = await runWithTwo(t, bundle, ['call-kept', 'call-dropped'], {
      env: { DROPPED: 'call-dropped' },
    });
    assert.deepEqual(complaints(end), []);
    assert.equal(end.stdout, 'registered: true\n');
    assert.deepEqual(theirs.spans.map(({ name }) => name).sort(), CALL);
    assert.ok(theirs.spans.every(({ attributes }) => attributes['voice.call.id'] === 'call-kept'));
    assert.deepEqual(ours.spans, []);
    for (const metrics of rows) assert.equal(metrics?.llm_input_tokens, 10);
  });

  const foreign = pathToFileURL(fixture('own-sdk/foreign-tracing.mjs')).href;
  for (const [when, program, options] of [
    ['started in code', fixture('own-sdk/foreign-tracing-later.mjs'), {}],
    ['started before earshot', 'one-call.mjs', { nodeArgs: ['--import', foreign, '--import', REGISTER] }],
  ] as const)
    test(`a tracing library whose spans cannot be read, ${when}, shows every span, and rows are written`, async (t) => {
      const { ours, end, rows } = await runWithTwo(t, program, ['call-foreign'], options);
      assert.deepEqual(complaints(end), []);
      const { scope, spans } = JSON.parse(end.stdout.trim().split('\n').at(-1) ?? '') as {
        scope: string;
        spans: { name: string; spanId: string; parent?: string; attributes: Record<string, unknown> }[];
      };
      assert.equal(scope, 'kept');
      assert.deepEqual(spans.map(({ name }) => name).sort(), CALL);
      const [chat, turn] = CALL.map((name) => spans.find((span) => span.name === name)).filter(
        (_, index) => index !== 1,
      );
      assert.equal(chat?.parent, turn?.spanId);
      assert.equal(chat?.attributes['gen_ai.usage.input_tokens'], 10);
      assert.deepEqual(ours.spans, []);
      assert.equal(rows[0]?.turn_count, 1);
      assert.equal(rows[0].llm_input_tokens, 10);
    });

  test('the guide: its programs and commands run as they are, and every call is in the traces of its SDK', async (t) => {
    const page = await readFile(join(packageRoot, 'docs/guides/own-opentelemetry.md'), 'utf8');
    const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text = '']) => ({
      language,
      text,
    }));
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, 'node_modules'));
    await symlink(
      join(packageRoot, 'node_modules/@opentelemetry'),
      join(folder, 'node_modules/@opentelemetry'),
    );
    await symlink(packageRoot, join(folder, 'node_modules/earshot'));
    for (const { text } of blocks.filter(({ language }) => language === 'js'))
      await writeFile(join(folder, /^\/\/ (\w+\.mjs)\n/.exec(text)?.[1] ?? ''), text);
    const commands = blocks.flatMap(({ language, text }) => (language === 'sh' ? [text.trim()] : []));
    assert.equal(blocks.length, 7);

    const collector = await OtlpReceiver.start();
    t.after(() => collector.close());
    const url = await postgres.createMigrated();
    await Promise.all(
      commands.map(async (command) => {
        const [node, ...args] = command.split(' ');
        assert.equal(node, 'node');
        const end = await run(join(folder, args.at(-1) ?? ''), {
          nodeArgs: args.slice(0, -1),
          cwd: folder,
          env: { DATABASE_URL: url, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
        });
        assert.equal(end.code, 0, end.stderr);
        assert.deepEqual(complaints(end), []);
      }),
    );
    const calls = collector.spans.filter(({ name }) => name === 'voice.call');
    assert.deepEqual(calls.map(({ attributes }) => attributes['voice.call.id']).sort(), [
      'call-1',
      'call-2',
      'call-3',
    ]);
    assert.ok(calls.every(({ resource }) => resource['service.name'] === 'front-desk'));
    const database = openPostgres({ url });
    t.after(() => database.close());
    for (const call of ['call-1', 'call-2', 'call-3'])
      assert.equal((await getCallMetrics(database, call))?.end_reason, 'hangup');
  });
});

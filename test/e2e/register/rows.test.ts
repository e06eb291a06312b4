import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { withoutMachineLines } from '../../../demo/machine-lines.ts';
import { startChatSimulator } from '../../../demo/simulators/chat.ts';
import { openPostgres } from '../../../exporter/store/postgres.ts';
import { getCallLogs, getCallMetrics } from '../../../exporter/store/read.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { fixture, type ProgramOptions, REGISTER, run } from '../../support/program.ts';
import { RUNTIMES } from '../../support/runtimes.ts';

describe('rows', { concurrency: 2 }, () => {
  let postgres: TestPostgres;
  let collector: OtlpReceiver;
  before(async () => {
    [postgres, collector] = await Promise.all([startPostgres(), OtlpReceiver.start()]);
  });
  after(() => Promise.all([postgres?.stop(), collector?.close()]));

  async function rowsAfter(
    program: string,
    callId: string,
    env: Record<string, string>,
    options: ProgramOptions = {},
  ) {
    const url = await postgres.createDatabase();
    const end = await run(program, {
      args: [callId],
      env: {
        DATABASE_URL: url,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        ...env,
      },
      ...options,
    });
    assert.equal(end.code, 0, end.stderr);
    const database = openPostgres({ url });
    try {
      const [metrics, logs] = [await getCallMetrics(database, callId), await getCallLogs(database, callId)];
      const exported = collector.spans.filter(({ attributes }) => attributes['voice.call.id'] === callId);
      return { metrics, logs, exported, end };
    } finally {
      await database.close();
    }
  }

  test('are there when the program has ended, next to its traces and metrics', async () => {
    const { metrics, logs, exported } = await rowsAfter('one-call.mjs', 'call-rows', {
      OTEL_SERVICE_NAME: 'front-desk',
      OTEL_RESOURCE_ATTRIBUTES:
        'service.version=2.4.1,deployment.environment.name=production,voice.tag.region=eu,voice.tag.experiment=b',
    });
    assert.equal(metrics?.turn_count, 1);
    assert.equal(metrics?.service_name, 'front-desk');
    assert.equal(metrics?.service_version, '2.4.1');
    assert.equal(metrics?.deployment_environment, 'production');
    assert.deepEqual(metrics?.tags, { region: 'eu', experiment: 'b' });
    assert.equal(metrics?.llm_input_tokens, 10);
    assert.equal(logs.length, 1);
    assert.ok(exported.length >= 3);
    assert.ok(collector.metricNames.includes('voice.calls'), collector.metricNames.join());
  });

  test('are there for every call under OTEL_TRACES_SAMPLER=always_off, and nothing is exported', async () => {
    const { metrics, logs, exported } = await rowsAfter('one-call.mjs', 'call-unsampled', {
      OTEL_TRACES_SAMPLER: 'always_off',
    });
    assert.equal(metrics?.turn_count, 1);
    assert.equal(logs.length, 1);
    assert.deepEqual(exported, []);
  });

  test('of a call that is open when the program has nothing left to do: it ends with the process', async () => {
    const { metrics } = await rowsAfter('open-call.mjs', 'call-open', {});
    assert.equal(metrics?.end_reason, 'process_exit');
    assert.equal(metrics?.turn_count, 1);
  });

  test("come once when an earlier --import has registered a provider, which gets earshot's spans", async () => {
    const provider = pathToFileURL(fixture('own-provider.mjs')).href;
    const { metrics, logs, exported, end } = await rowsAfter(
      'one-call.mjs',
      'call-attached',
      {},
      { nodeArgs: ['--import', provider, '--import', REGISTER] },
    );
    assert.match(end.stdout, /provider registered: true/);
    assert.equal(metrics?.turn_count, 1);
    assert.equal(metrics?.llm_input_tokens, 10);
    assert.equal(logs.length, 1);
    assert.ok(exported.length >= 3);
    assert.ok(exported.every(({ resource }) => resource['service.name'] === 'application'));
  });

  test('come with EARSHOT_SDK=attach and a provider that the application registers itself', async () => {
    const { metrics, exported, end } = await rowsAfter('own-provider-later.mjs', 'call-later', {
      EARSHOT_SDK: 'attach',
    });
    assert.match(end.stdout, /provider registered: true/);
    assert.equal(metrics?.turn_count, 1);
    assert.equal(metrics?.service_name, 'application');
    assert.ok(exported.length >= 3);
  });

  for (const { name, program, args, skip } of RUNTIMES)
    test(`come in ${name} as in Node, of clients that are handed over; that they have to be is said`, {
      skip,
    }, async (t) => {
      const chat = await startChatSimulator();
      t.after(() => chat.close());
      const { metrics, logs, exported, end } = await rowsAfter(
        'other-runtime.mjs',
        `call-${program}`,
        { GROQ_BASE_URL: chat.url },
        { runtime: program, nodeArgs: args },
      );
      assert.deepEqual(exported.map((span) => span.name).sort(), [
        'chat llama-3.1-8b-instant',
        'voice.call',
        'voice.turn',
      ]);
      assert.equal(metrics?.turn_count, 1);
      assert.ok(logs[0]?.ttfb_llm !== null && Number(logs[0]?.ttfb_llm) > 0);
      const [line, ...others] = withoutMachineLines(end.stderr).trimEnd().split('\n');
      assert.match(line ?? '', new RegExp(`${name} is not Node: SDKs are not followed as they are loaded`));
      assert.deepEqual(others, []);
    });
});

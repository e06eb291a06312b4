import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { migrate, openPostgres } from '../../../exporter/store/index.ts';
import {
  CONNECTED_KINDS,
  type EverySdkWorld,
  KIND_NAMES,
  type Kind,
  startEverySdkWorld,
  startHostileWorld,
} from '../../support/every-sdk.ts';
import type { Hostility } from '../../support/hostile-server.ts';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { run } from '../../support/program.ts';

/** What users say, what models answer, what tools are asked with, and what services put into their errors. */
const SECRET = 'Zebulon Quisquater 0179 4455667';
/** Any part of it, or of the recording that is transcribed. */
const PRIVATE = /zebulon|quisquater|4455667|time do you close/i;

describe('what was said', { concurrency: 2 }, () => {
  let postgres: TestPostgres;
  let world: EverySdkWorld;
  const hostile = new Map<Hostility, EverySdkWorld>();
  before(async () => {
    [postgres, world] = await Promise.all([startPostgres(), startEverySdkWorld(SECRET)]);
    for (const how of ['refuses', 'reports', 'closes'] as const)
      hostile.set(how, await startHostileWorld(SECRET, how));
  });
  after(async () => {
    await Promise.all([world?.close(), ...[...hostile.values()].map((each) => each.close())]);
    await postgres?.stop();
  });

  /** Everything that leaves a process which does a kind of work: telemetry, rows, lines on stderr. */
  async function toldBy(kind: Kind, { env }: EverySdkWorld) {
    const receiver = await OtlpReceiver.start();
    const url = await postgres.createDatabase();
    const database = openPostgres({ url });
    // A process that ends at once may be too early for its own migration.
    await migrate(database);
    const end = await run('every-sdk.mjs', {
      args: [kind],
      env: {
        ...env(kind),
        DATABASE_URL: url,
        OTEL_LOG_LEVEL: 'DEBUG',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
    });
    await receiver.close();
    const rows: string[] = [];
    try {
      for (const table of ['call_spans', 'call_logs', 'call_metrics', 'call_queue'])
        rows.push(...(await database.query(`SELECT * FROM ${table}`)).map((row) => JSON.stringify(row)));
    } finally {
      await database.close();
    }
    return { end, spans: receiver.spans, rows, sent: receiver.requests.map(({ body }) => body.toString()) };
  }

  for (const kind of KIND_NAMES)
    test(`${kind}: is in no telemetry, no row and no diagnostic`, async () => {
      const { end, spans, rows, sent } = await toldBy(kind, world);
      assert.equal(end.code, 0, end.stderr);
      assert.ok(spans.length > 2 && rows.length > 2, 'it was followed');
      for (const told of [...sent, ...rows, end.stderr]) assert.doesNotMatch(told, PRIVATE);
    });

  for (const how of ['refuses', 'reports', 'closes'] as const)
    for (const kind of how === 'refuses' ? KIND_NAMES : CONNECTED_KINDS)
      test(`${kind}: is not told by the errors of a service that ${how}, with it in what it says`, async () => {
        const { rows, sent, end } = await toldBy(kind, hostile.get(how) as EverySdkWorld);
        for (const told of [...sent, ...rows, end.stderr]) assert.doesNotMatch(told, PRIVATE);
      });
});

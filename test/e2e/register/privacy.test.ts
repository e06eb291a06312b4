import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { migrate, openPostgres } from '../../../exporter/store/index.ts';
import { ATTR } from '../../../model/semconv.ts';
import {
  CONNECTED_KINDS,
  callIdOf,
  type EverySdkWorld,
  GROUPS,
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

  interface Told {
    readonly stderr: string;
    readonly rows: readonly string[];
    /** Bodies that were exported. */
    readonly sent: readonly string[];
    /** So many spans of a call were exported. */
    spansOf(callId: string): number;
  }

  /** Everything that leaves a process which does kinds of work: telemetry, rows, lines on stderr. */
  async function toldBy(kinds: readonly Kind[], { env }: EverySdkWorld): Promise<Told> {
    const receiver = await OtlpReceiver.start();
    const url = await postgres.createDatabase();
    const database = openPostgres({ url });
    // A process that ends at once may be too early for its own migration.
    await migrate(database);
    const end = await run('every-sdk.mjs', {
      args: [kinds.join(',')],
      env: {
        ...env(kinds[0] ?? 'twilio'),
        DATABASE_URL: url,
        OTEL_LOG_LEVEL: 'DEBUG',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
    });
    await receiver.close();
    assert.equal(end.code, 0, end.stderr);
    const rows: string[] = [];
    try {
      for (const table of ['call_spans', 'call_logs', 'call_metrics', 'call_queue'])
        rows.push(
          ...(await database.query(`SELECT * FROM earshot.${table}`)).map((row) => JSON.stringify(row)),
        );
    } finally {
      await database.close();
    }
    const sent = receiver.requests.map(({ body }) => body.toString());
    const spansOf = (id: string) =>
      receiver.spans.filter(({ attributes }) => attributes[ATTR.callId] === id).length;
    return { stderr: end.stderr, rows, sent, spansOf };
  }

  const made = new Map<string, Promise<Told>>();
  /** What is told by the process that does this kind of work among others, once for all of them. */
  const told = (kind: Kind, how: Hostility | undefined, kinds: readonly Kind[]): Promise<Told> => {
    const group = (GROUPS.find((each) => each.includes(kind)) ?? []).filter((each) => kinds.includes(each));
    const key = `${how} ${group.join()}`;
    const found = made.get(key) ?? toldBy(group, (how && hostile.get(how)) || world);
    made.set(key, found);
    return found;
  };

  for (const kind of KIND_NAMES)
    test(`${kind}: is in no telemetry, no row and no diagnostic`, async () => {
      const { stderr, spansOf, rows, sent } = await told(kind, undefined, KIND_NAMES);
      const id = callIdOf(kind);
      const own = rows.filter((row) => row.includes(JSON.stringify(id)));
      assert.ok(spansOf(id) > 2 && own.length > 2, 'it was followed');
      for (const each of [...sent, ...rows, stderr]) assert.doesNotMatch(each, PRIVATE);
    });

  for (const how of ['refuses', 'reports', 'closes'] as const)
    for (const kinds of [how === 'refuses' ? KIND_NAMES : CONNECTED_KINDS])
      for (const kind of kinds)
        test(`${kind}: is not told by the errors of a service that ${how}, with it in what it says`, async () => {
          const { rows, sent, stderr } = await told(kind, how, kinds);
          for (const each of [...sent, ...rows, stderr]) assert.doesNotMatch(each, PRIVATE);
        });
});

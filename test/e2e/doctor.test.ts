import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { migrate, openPostgres } from '../../exporter/store/index.ts';
import { runCli } from '../support/cli.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { startPostgres } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Finding = {
  readonly name: string;
  readonly status: string;
  readonly text: string;
  readonly cure?: string;
};

test('doctor finds what is there, and says of what is not what to do', async (t) => {
  const server = await startPostgres();
  t.after(() => server.stop());
  const receiver = await OtlpReceiver.start();
  const { url } = receiver;
  const cwd = await temporaryFolder(t);
  const EARSHOT_DATABASE_URL = await server.createDatabase();
  const doctor = async (env: Record<string, string>) => {
    const { code, stdout } = await runCli(['doctor', '--json'], { cwd, env });
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return { code, of: (name: string) => findings.find((finding) => finding.name === name) };
  };

  const empty = await doctor({
    EARSHOT_DATABASE_URL,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    EARSHOT_RECORDINGS: cwd,
    EARSHOT_VAPI_SECRET: 'v'.repeat(32),
    EARSHOT_TWILIO_SECRET: 't'.repeat(32),
  });
  assert.deepEqual(empty.of('recordings'), { name: 'recordings', status: 'ok', text: cwd });
  assert.deepEqual(empty.of('webhooks'), {
    name: 'webhooks',
    status: 'ok',
    text: 'earshot serve takes /webhooks/vapi, /webhooks/twilio',
  });
  assert.equal(empty.code, 0);
  assert.match(empty.of('database')?.text ?? '', /^EARSHOT_DATABASE_URL, PostgreSQL \d.*without tables yet$/);
  assert.match(empty.of('database')?.cure ?? '', /earshot migrate/);
  assert.equal(empty.of('clock')?.status, 'ok');
  assert.match(empty.of('OTLP endpoint')?.text ?? '', /takes spans/);
  assert.deepEqual(
    receiver.requests.map(({ path }) => path),
    ['/v1/traces'],
  );

  const db = openPostgres({ url: EARSHOT_DATABASE_URL });
  await migrate(db);
  await db.close();
  await receiver.close();
  const away = await doctor({
    EARSHOT_DATABASE_URL,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    EARSHOT_IDLE_LIMIT: 'soon',
    EARSHOT_RECORDINGS: fileURLToPath(import.meta.url),
    EARSHOT_RETELL_SECRET: 'short',
  });
  assert.match(away.of('webhooks')?.text ?? '', /^EARSHOT_RETELL_SECRET has fewer than 16 characters/);
  assert.match(away.of('recordings')?.text ?? '', /is no folder$/);
  assert.equal(away.code, 1);
  assert.equal(away.of('database')?.status, 'ok');
  assert.equal(away.of('OTLP endpoint')?.status, 'fail');
  assert.match(away.of('settings')?.text ?? '', /EARSHOT_IDLE_LIMIT: saw "soon"/);

  await server.down();
  const { code, stdout } = await runCli(['doctor'], { cwd, env: { EARSHOT_DATABASE_URL } });
  assert.equal(code, 1);
  assert.match(stdout, /^fail +database +EARSHOT_DATABASE_URL cannot be used \(\w+\)$/m);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { getCallFacts, getCallMetrics } from '../../../exporter/store/index.ts';
import { ATTR } from '../../../model/semconv.ts';
import { attribute, otlpRequest, otlpSpan, post } from '../../support/otlp-request.ts';
import { startServe, untilReady } from '../../support/otlp-server.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect } from '../../support/processors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const CLI = fileURLToPath(new URL('../../../cli/main.js', import.meta.url));
const TOKENS = { acme: 'the-token-of-acme', beta: 'the-token-of-beta', operator: 'the-token-of-no-tenant' };

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

test('senders of two tenants share every id, and each has its own call', async (t) => {
  const url = await postgres.createMigrated();
  const file = join(await temporaryFolder(t), 'tokens.json');
  const entries = Object.entries(TOKENS).map(([name, token]) => ({
    name,
    token,
    ...(name !== 'operator' && { tenant: name }),
  }));
  await writeFile(file, JSON.stringify(entries), { mode: 0o600 });
  const serve = await startServe(t, { DATABASE_URL: url, EARSHOT_TOKENS: file });
  await untilReady(serve.url);
  const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
  /** One span, the same but for its direction; a sender cannot say its tenant. */
  const sends = async (token: keyof typeof TOKENS, direction: string) => {
    const attributes = [
      attribute(ATTR.callId, { stringValue: 'SHARED' }),
      attribute(ATTR.callDirection, { stringValue: direction }),
      attribute('tenant', { stringValue: 'beta' }),
    ];
    const request = otlpRequest(otlpSpan('SHARED', { ...ids, attributes }));
    const answer = await post(serve.url, request, { authorization: `Bearer ${TOKENS[token]}` });
    assert.deepEqual([answer.status, await answer.json()], [200, {}]);
  };
  await sends('acme', 'inbound');
  await sends('beta', 'outbound');
  await sends('operator', 'web');
  await sends('acme', 'outbound'); // Comes again: what is there stays.
  const db = connect(t, url);
  for (const [tenant, direction] of [
    ['acme', 'inbound'],
    ['beta', 'outbound'],
    ['default', 'web'],
  ]) {
    const row = await poll(() => getCallMetrics(db, 'SHARED', tenant), { what: `the row of ${tenant}` });
    assert.deepEqual([row.tenant, row.direction], [tenant, direction]);
    assert.equal((await getCallFacts(db, 'SHARED', 9, 3_600_000, tenant)).length, 1);
  }

  const report = (...args: string[]) =>
    spawnSync(process.execPath, [CLI, 'report', ...args], {
      env: { PATH: process.env.PATH, DATABASE_URL: url },
      encoding: 'utf8',
    });
  const all = report();
  assert.match(all.stdout, /^TENANT +CALL/m);
  for (const tenant of ['acme', 'beta', 'default'])
    assert.match(all.stdout, new RegExp(`^${tenant} +SHARED`, 'm'));
  const one = report('--tenant', 'acme');
  assert.doesNotMatch(one.stdout, /TENANT|beta/);
  assert.match(one.stdout, /^SHARED/m);
  const ambiguous = report('SHARED');
  assert.equal(ambiguous.status, 1);
  assert.match(
    ambiguous.stderr,
    /several tenants have a call SHARED: acme, beta, default. Choose one with --tenant/,
  );
  assert.match(report('SHARED', '--tenant', 'beta').stdout, /^Call SHARED\n.*\n.*tenant beta.*outbound/m);
  assert.equal(report('SHARED', '--tenant', 'none').status, 1);
  const { calls } = JSON.parse(report('--json', '--tenant', 'beta').stdout);
  assert.deepEqual(
    calls.map(({ tenant }: { tenant: string }) => tenant),
    ['beta'],
  );
});

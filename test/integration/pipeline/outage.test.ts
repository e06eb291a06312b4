import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ATTR } from '../../../model/semconv.ts';
import { conversation, endAll } from '../../support/conversation.ts';
import { recordDiagnostics } from '../../support/diagnostics.ts';
import { endSpan } from '../../support/end-span.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, journalSize, rowsOf, traced } from '../../support/processors.ts';
import { soonerThan } from '../../support/sooner.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

test('a database that comes up later gets everything, and its absence is said once', async (t) => {
  const lines = recordDiagnostics(t);
  const databaseUrl = await server.createDatabase();
  await server.down();
  const spoolDir = await temporaryFolder(t);
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir });
  endAll(conversation(tracer, 'C1', 2));
  const told = (level: 'warn' | 'info', what: string) =>
    lines[level].filter((line) => line.includes(what)).length;
  // Long enough for the spans to go to disk, where a crash would not reach them.
  await poll(() => processor.totals?.spooled === 11 && told('warn', 'cannot be written to the database') > 0);
  endAll(conversation(tracer, 'C2', 1));
  await server.up();
  const db = connect(t, databaseUrl);
  await rowsOf(db, 'C1', 2);
  await rowsOf(db, 'C2', 1);
  await poll(async () => (await journalSize(db)) === 17);
  await poll(async () => (await readdir(spoolDir)).length === 0);
  assert.deepEqual(processor.totals?.dropped, {});
  await poll(() => told('info', 'again, after') > 0);
  assert.equal(told('warn', 'cannot be written to the database'), 1);
  assert.equal(told('info', 'again, after'), 1);
});

test('an agent whose database may only be read keeps its spans, says why, and writes them when it may', async (t) => {
  const lines = recordDiagnostics(t);
  const databaseUrl = await server.createMigrated();
  const spoolDir = await temporaryFolder(t);
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir });
  const db = connect(t, databaseUrl);
  endAll(conversation(tracer, 'C1', 1));
  await rowsOf(db, 'C1', 1);
  await server.readOnly(true);
  t.after(() => server.readOnly(false));
  // Sessions hear of it one after the other.
  let ended = 0;
  await poll(() => {
    endSpan(tracer, 'C2', ended++);
    return (processor.totals?.spooled ?? 0) > 0;
  });
  endAll(conversation(tracer, 'C3', 2));
  await server.readOnly(false);
  await rowsOf(db, 'C3', 2);
  await poll(async () => (await journalSize(db)) === 6 + ended + 11);
  await poll(async () => (await readdir(spoolDir)).length === 0);
  assert.deepEqual(processor.totals?.dropped, {});
  const said = lines.warn.filter((line) => line.includes('cannot be written to the database'));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /replica.*\(25006\)/);
});

test('a database that stops in the middle loses nothing and doubles nothing', async (t) => {
  const databaseUrl = await server.createMigrated();
  const spoolDir = await temporaryFolder(t);
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir, bufferSpans: 10_000 });
  let ended = 0;
  const talk = setInterval(() => {
    for (let index = 0; index < 10; index += 1) endSpan(tracer, 'C1', ended++);
  }, 10);
  try {
    await poll(() => (processor.totals?.written ?? 0) > 100);
    await server.kill();
    const atStop = ended;
    await poll(() => ended > atStop + 1_000 && (processor.totals?.spooled ?? 0) > 400);
    await server.up();
    await poll(() => (processor.totals?.replayed ?? 0) > 400);
  } finally {
    clearInterval(talk);
  }
  await processor.forceFlush();
  assert.deepEqual(processor.totals?.dropped, {});
  const db = connect(t, databaseUrl);
  await poll(async () => (await readdir(spoolDir)).length === 0 && (await journalSize(db)) >= ended);
  assert.equal(await journalSize(db), ended);
  assert.equal(processor.totals?.accepted, ended);
});

test('a database that stands still does not hold up the application, and what waits is safe', async (t) => {
  const databaseUrl = await server.createMigrated();
  const spoolDir = await temporaryFolder(t);
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir });
  endSpan(tracer, 'C1', 0);
  await processor.forceFlush();
  await server.pause();
  try {
    for (let index = 1; index <= 100; index += 1) endSpan(tracer, 'C1', index);
    await poll(() => processor.totals?.accepted === 101);
    for (let index = 101; index <= 200; index += 1) endSpan(tracer, 'C1', index);
    await poll(() => (processor.totals?.spooled ?? 0) >= 100);
  } finally {
    await server.resume();
  }
  const db = connect(t, databaseUrl);
  await poll(async () => (await journalSize(db)) === 201);
});

test('shutdown ends within its deadline when the database never answers, and nothing is lost', async (t) => {
  const sockets = new Set<Socket>();
  const hanging = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(hanging, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    hanging.close();
  });
  const { port } = hanging.address() as AddressInfo;
  const spoolDir = await temporaryFolder(t);
  const silent = traced(t, { databaseUrl: `postgres://u@127.0.0.1:${port}/d`, spoolDir });
  for (let index = 0; index < 10; index += 1) endSpan(silent.tracer, 'C1', index);
  await soonerThan(5_500, silent.processor.shutdown());
  assert.equal(silent.processor.totals?.spooled, 10);
  assert.equal((await readdir(spoolDir)).length, 1);
});

test('forceFlush with the database away resolves when the spool has the spans', async (t) => {
  const databaseUrl = 'postgres://u@127.0.0.1:1/d';
  const spoolDir = await temporaryFolder(t);
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir, flushInterval: 60_000 });
  endSpan(tracer, 'C1', 0);
  await processor.forceFlush();
  assert.equal(processor.totals?.spooled, 1);
  assert.equal((await readdir(spoolDir)).length, 1);
});

test('forceFlush and shutdown reject when spans are safe nowhere, and what is lost is counted', async (t) => {
  const spoolDir = join(await temporaryFolder(t), 'file');
  await writeFile(spoolDir, '');
  const { tracer, processor } = traced(t, { databaseUrl: 'postgres://u@127.0.0.1:1/d', spoolDir });
  endSpan(tracer, 'C1', 0);
  await assert.rejects(processor.forceFlush(), /neither to the database nor to the spool/);
  await assert.rejects(processor.shutdown(), /neither to the database nor to the spool/);
  assert.deepEqual(processor.totals?.dropped, { exit: 1 });
});

test('a full spool drops and counts', async (t) => {
  const { tracer, processor } = traced(t, {
    databaseUrl: 'postgres://u@127.0.0.1:1/d',
    spoolDir: await temporaryFolder(t),
    spoolMaxBytes: 600,
  });
  for (let index = 0; index < 10; index += 1) endSpan(tracer, 'C1', index);
  await processor.forceFlush();
  const { spooled = 0, dropped } = processor.totals ?? {};
  assert.ok(spooled > 0 && spooled < 10, `${spooled}`);
  assert.deepEqual(dropped, { spool_full: 10 - spooled });
});

test('a database that a newer version has migrated is left alone: it is said what to do, and nothing is lost', async (t) => {
  const lines = recordDiagnostics(t);
  const databaseUrl = await server.createMigrated();
  const db = connect(t, databaseUrl);
  await db.query(`INSERT INTO earshot.earshot_migrations (id, name) VALUES (9999, 'of the future')`);
  const { tracer, processor } = traced(t, { databaseUrl, spoolDir: await temporaryFolder(t) });
  endSpan(tracer, 'C1', 0);
  await processor.forceFlush();
  assert.equal(processor.totals?.spooled, 1);
  assert.equal(await journalSize(db), 0);
  await poll(() => /upgrade earshot/.test(lines.warn.join('\n')));
  await db.query('DELETE FROM earshot.earshot_migrations WHERE id = 9999');
  await poll(async () => (await journalSize(db)) === 1);
});

test('what was said is in no log line, also when the database refuses the row that has it', async (t) => {
  const lines = recordDiagnostics(t);
  const databaseUrl = await server.createMigrated();
  const db = connect(t, databaseUrl);
  await db.query(`ALTER TABLE earshot.call_logs ADD CONSTRAINT refuse CHECK (user_text IS NULL)`);
  const { tracer } = traced(t, { databaseUrl, spoolDir: await temporaryFolder(t) });
  const [turn] = conversation(tracer, 'C1', 1, { [ATTR.userText]: 'my secret' });
  turn?.end();
  endAll(conversation(tracer, 'C2', 1));
  await rowsOf(db, 'C2', 1);
  await db.query(`UPDATE earshot.call_queue SET due_at = now()`);
  endAll(conversation(tracer, 'C3', 1));
  await poll(() => lines.warn.some((line) => line.includes('C1 could not be turned into rows')));
  assert.ok(!JSON.stringify(lines).includes('secret'), JSON.stringify(lines));
});

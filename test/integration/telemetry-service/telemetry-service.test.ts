import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, type TestContext, test } from 'node:test';
import type { PriceList } from '../../../exporter/pricing/index.ts';
import { getCallFacts } from '../../../exporter/store/index.ts';
import { TelemetryService, type TelemetryServiceOptions, type TurnRecord } from '../../../index.ts';
import type { Fact } from '../../../model/facts.ts';
import { recordDiagnostics } from '../../support/diagnostics.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, journalSize } from '../../support/processors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

async function service(t: TestContext, options: TelemetryServiceOptions = {}) {
  const databaseUrl = options.databaseUrl ?? (await server.createDatabase());
  const spoolDir = await temporaryFolder(t);
  const telemetry = new TelemetryService({ flushInterval: 20, spoolDir, ...options, databaseUrl });
  t.after(() => telemetry.shutdown().catch(() => {}));
  return { telemetry, db: connect(t, databaseUrl), spoolDir };
}

const AT = new Date('2026-11-01T10:00:00Z');
const later = (seconds: number) => new Date(AT.getTime() + seconds * 1_000);

const turn = (callId: string, turnIndex: number, more: Partial<TurnRecord> = {}): TurnRecord => ({
  callId,
  turnIndex,
  startedAt: later(turnIndex * 10),
  endedAt: later(turnIndex * 10 + 5),
  ttfbStt: 0.311,
  latencyStt: 0.12,
  ttfbLlm: 0.213,
  latencyLlm: 0.9,
  ttfbTts: 0.187,
  latencyTts: 1.25,
  eouLatency: 0.912,
  sttProvider: 'deepgram',
  sttModel: 'nova-3',
  sttAudioSeconds: 60,
  llmProvider: 'groq',
  llmModel: 'llama-3.1-8b-instant',
  llmInputTokens: 1_000_000,
  llmOutputTokens: 1_000_000,
  ttsProvider: 'cartesia',
  ttsModel: 'sonic-2',
  ttsCharacters: 1_000,
  ...more,
});

test('recorded turns and their call become rows with the numbers given', async (t) => {
  const { telemetry } = await service(t, {
    serviceName: 'phone-agent',
    serviceVersion: '2.4.1',
    deploymentEnvironment: 'staging',
    pricing: 'flat',
  });
  telemetry.recordTurn(turn('C1', 1, { eouLatency: 1.088, interrupted: true, interruptionKind: 'barge_in' }));
  telemetry.recordTurn(turn('C1', 0, { sentimentScore: 0.4 }));
  const metrics = await telemetry.finalizeCall('C1', {
    startedAt: AT,
    endedAt: later(30),
    direction: 'outbound',
    transport: 'livekit',
    campaignId: 'spring',
    customerId: 'cus_8812',
    tags: { plan: 'gold', attempt: 2 },
    recordingUrl: 's3://recordings/C1.wav',
    outcome: 'SUCCESS',
  });
  const logs = await telemetry.getCallLogs('C1');
  assert.deepEqual(
    logs.map((row) => row.turn_index),
    [0, 1],
  );
  const [first, second] = logs;
  assert.ok(first !== undefined && second !== undefined);
  const { ttfb_stt, latency_stt, ttfb_llm, latency_llm, ttfb_tts, latency_tts, eou_latency } = first;
  assert.deepEqual(
    { ttfb_stt, latency_stt, ttfb_llm, latency_llm, ttfb_tts, latency_tts, eou_latency },
    {
      ttfb_stt: 0.311,
      latency_stt: 0.12,
      ttfb_llm: 0.213,
      latency_llm: 0.9,
      ttfb_tts: 0.187,
      latency_tts: 1.25,
      eou_latency: 0.912,
    },
  );
  assert.equal(first.llm_model, 'llama-3.1-8b-instant');
  assert.equal(first.sentiment_score, 0.4);
  assert.equal(second.interrupted, true);
  // The flat card by hand: 60 s × $0.0043, 1 M × $0.05 + 1 M × $0.08 per million, 1 000 characters × $0.015 per thousand.
  assert.equal(first.cost_stt?.toString(), '0.258');
  assert.equal(first.cost_llm?.toString(), '0.13');
  assert.equal(first.cost_tts?.toString(), '0.015');
  assert.equal(first.cost_total?.toString(), '0.403');
  // Half a minute of LiveKit × $0.004.
  assert.equal(metrics.cost_total?.toString(), '0.808');
  assert.equal(metrics.turn_count, 2);
  assert.equal(metrics.eou_latency_p50, 1);
  assert.equal(metrics.duration_seconds, 30);
  assert.equal(metrics.interruption_count, 1);
  assert.equal(metrics.outcome, 'SUCCESS');
  assert.equal(metrics.campaign_id, 'spring');
  assert.equal(metrics.customer_id, 'cus_8812');
  assert.deepEqual([metrics.service_version, metrics.deployment_environment], ['2.4.1', 'staging']);
  assert.deepEqual(metrics.tags, { plan: 'gold', attempt: '2' });
  assert.equal(metrics.recording_url, 's3://recordings/C1.wav');
  assert.equal(metrics.service_name, 'phone-agent');
  assert.deepEqual(await telemetry.getCallMetrics('C1'), metrics);
});

test('what is not given is unknown: no number is made of it', async (t) => {
  const { telemetry } = await service(t);
  telemetry.recordTurn({
    callId: 'C1',
    turnIndex: 0,
    sttProvider: 'deepgram',
    sttModel: 'nova-3',
    ttfbTts: 0.2,
  });
  const metrics = await telemetry.finalizeCall('C1');
  const [row] = await telemetry.getCallLogs('C1');
  assert.ok(row !== undefined);
  const { ttfb_stt, latency_stt, ttfb_llm, latency_llm, ttfb_tts, latency_tts, eou_latency } = row;
  assert.deepEqual(
    [ttfb_stt, latency_stt, ttfb_llm, latency_llm, ttfb_tts, latency_tts, eou_latency],
    [null, null, null, null, 0.2, null, null],
  );
  assert.equal(row.segment_playout, null);
  assert.equal(row.stt_model, 'nova-3');
  assert.equal(row.llm_model, null);
  assert.equal(metrics.outcome, null);
  assert.equal(metrics.llm_input_tokens, null);
});

test('the same turn and the same call again change nothing', async (t) => {
  const { telemetry, db } = await service(t);
  telemetry.recordTurn(turn('C1', 0));
  telemetry.recordTurn(turn('C1', 0, { eouLatency: 9 }));
  const first = await telemetry.finalizeCall('C1', { outcome: 'SUCCESS' });
  telemetry.recordTurn(turn('C1', 0));
  const again = await telemetry.finalizeCall('C1', { outcome: 'FAIL' });
  assert.deepEqual(again, first);
  assert.equal(again.eou_latency_max, 0.912);
  assert.equal(await journalSize(db), 5);
});

test('a call that cannot be computed leaves nothing behind, and can be finalized again', async (t) => {
  let broken = true;
  const priceList: PriceList = {
    name: 'test',
    find() {
      if (broken) throw new Error('The price list is broken.');
      return undefined;
    },
  };
  const { telemetry, db } = await service(t, { priceList });
  telemetry.recordTurn(turn('C1', 0));
  await assert.rejects(telemetry.finalizeCall('C1', { outcome: 'SUCCESS' }), (error: Error) => {
    assert.match(error.message, /not finalized/);
    assert.match(String(error.cause), /price list is broken/);
    return true;
  });
  assert.equal(await telemetry.getCallMetrics('C1'), undefined);
  assert.deepEqual(await telemetry.getCallLogs('C1'), []);
  const types = (facts: Fact[]) => facts.map((fact) => fact.type).sort();
  assert.deepEqual(types(await getCallFacts(db, 'C1')), ['stage', 'stage', 'stage', 'turn']);
  const [queued] = await db.query<{ ended: boolean }>('SELECT ended FROM earshot.call_queue');
  assert.equal(queued?.ended, false);

  broken = false;
  assert.equal((await telemetry.finalizeCall('C1', { outcome: 'SUCCESS' })).outcome, 'SUCCESS');
  assert.deepEqual(await db.query('SELECT call_id FROM earshot.call_queue'), []);
});

test('a row that the database refuses rolls back the call whole', async (t) => {
  const { telemetry, db } = await service(t);
  telemetry.recordTurn(turn('C1', 0));
  await telemetry.getCallMetrics('C1');
  await db.query(`ALTER TABLE earshot.call_logs ADD CONSTRAINT refuse CHECK (call_id <> 'C1')`);
  await assert.rejects(telemetry.finalizeCall('C1'), /not finalized/);
  assert.equal(await telemetry.getCallMetrics('C1'), undefined);
  assert.ok((await getCallFacts(db, 'C1')).every((fact) => fact.type !== 'call'));
  await db.query('ALTER TABLE earshot.call_logs DROP CONSTRAINT refuse');
  assert.equal((await telemetry.finalizeCall('C1')).turn_count, 1);
});

test('many calls at once keep apart', async (t) => {
  const { telemetry } = await service(t, { finalizeDelay: 0 });
  const ids = Array.from({ length: 20 }, (_, index) => `C${index}`);
  for (const [calls, callId] of ids.entries()) {
    for (let index = 0; index <= calls % 3; index += 1) telemetry.recordTurn(turn(callId, index));
  }
  const rows = await Promise.all(ids.map((callId) => telemetry.finalizeCall(callId)));
  assert.deepEqual(
    rows.map((row) => [row.call_id, row.turn_count]),
    ids.map((callId, calls) => [callId, (calls % 3) + 1]),
  );
});

test('a turn that is not valid is reported, counted and dropped; nothing is thrown', async (t) => {
  const { error: reported } = recordDiagnostics(t);
  const { telemetry } = await service(t);
  const secret = 'what was said';
  const bad: [unknown, RegExp][] = [
    [undefined, /turn: saw a value of type undefined, expected an object/],
    [{ turnIndex: 0 }, /turn\.callId is missing/],
    [turn('', 0), /turn\.callId: .* expected a string of 1 to 512/],
    [turn('C1', -1), /turn\.turnIndex: saw the number -1, expected a whole number/],
    [turn('C1', 0, { eouLatency: -1 }), /turn\.eouLatency: saw the number -1, expected seconds, 0 or more/],
    [turn('C1', 0, { ttfbLlm: Number.NaN }), /turn\.ttfbLlm: saw the number NaN/],
    [turn('C1', 0, { llmInputTokens: 1.5 }), /turn\.llmInputTokens/],
    [{ ...turn('C1', 0), ttfb_stt: 1 }, /turn\.ttfb_stt is unknown\. Known: .*ttfbStt/],
    [
      { ...turn('C1', 0), eouSource: secret },
      /turn\.eouSource: saw a value of type string, expected one of vad/,
    ],
    [turn('C1', 0, { startedAt: later(9), endedAt: AT }), /endedAt is before/],
    [turn('C1', 0, { endedAt: new Date(Number.NaN) }), /turn\.endedAt: saw an invalid Date/],
  ];
  for (const [record] of bad) telemetry.recordTurn(record as TurnRecord);
  for (const [index, [, expected]] of bad.entries()) assert.match(reported[index] ?? '', expected);
  assert.ok(!reported.join().includes(secret));
  assert.deepEqual(telemetry.totals?.dropped, { invalid: bad.length });
});

test('a call that is not valid is rejected by field', async (t) => {
  const { telemetry } = await service(t);
  await assert.rejects(telemetry.finalizeCall(''), {
    code: 'EARSHOT_INVALID_RECORD',
    message: /call\.callId/,
  });
  await assert.rejects(
    telemetry.finalizeCall('C1', { outcome: 'GREAT' as 'SUCCESS' }),
    /call\.outcome: .* expected one of SUCCESS/,
  );
  await assert.rejects(telemetry.finalizeCall('C1', { sipStatusCode: 7 }), /call\.sipStatusCode/);
});

test('a call of which nothing is known is finalized with a line that says so, unless its record says what it was', async (t) => {
  const { warn } = recordDiagnostics(t);
  const { telemetry } = await service(t);
  assert.equal((await telemetry.finalizeCall('unanswered', { outcome: 'NO_ANSWER' })).turn_count, 0);
  const said = () => warn.filter((line) => line.includes('finalizeCall'));
  assert.deepEqual(said(), []);
  await telemetry.finalizeCall('never-seen');
  assert.equal(said().length, 1);
  assert.match(String(said()), /finalizeCall: saw "never-seen", .* expected the id of a recorded call/);
});

test('what was said is kept only when capture is switched on', async (t) => {
  const said = { userText: 'A table for two', agentText: 'For what time?' };
  for (const captureContent of [false, true]) {
    const { telemetry, db } = await service(t, { captureContent });
    telemetry.recordTurn(turn('C1', 0, said));
    await telemetry.finalizeCall('C1');
    const [row] = await telemetry.getCallLogs('C1');
    assert.equal(row?.user_text, captureContent ? said.userText : null);
    assert.equal(row?.agent_text, captureContent ? said.agentText : null);
    assert.equal(JSON.stringify(await getCallFacts(db, 'C1')).includes('table'), captureContent);
  }
});

test('with the database away turns wait on disk, finalizeCall says so, and later all is there', async (t) => {
  const databaseUrl = await server.createDatabase();
  await server.down();
  const { telemetry, db, spoolDir } = await service(t, { databaseUrl });
  telemetry.recordTurn(turn('C1', 0));
  await assert.rejects(telemetry.finalizeCall('C1'), {
    code: 'EARSHOT_NOT_FINALIZED',
    message: /not finalized; nothing was changed/,
  });
  assert.equal((await readdir(spoolDir)).length, 1);
  await server.up();
  await poll(async () => (await journalSize(db)) === 4);
  assert.equal((await telemetry.finalizeCall('C1')).turn_count, 1);
});

test('after shutdown turns are ignored and questions are refused', async (t) => {
  const { telemetry, db } = await service(t);
  telemetry.recordTurn(turn('C1', 0));
  const done = telemetry.shutdown();
  assert.equal(telemetry.shutdown(), done);
  await done;
  telemetry.recordTurn(turn('C1', 1));
  assert.equal(await journalSize(db), 4);
  await assert.rejects(telemetry.finalizeCall('C1'), { code: 'EARSHOT_SHUT_DOWN', message: /shut down/ });
  await assert.rejects(telemetry.getCallLogs('C1'), /shut down/);
});

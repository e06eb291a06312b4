import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { promisify } from 'node:util';
import Cartesia from '@cartesia/cartesia-js';
import { isVoiced, mulawToLinear } from '../../../demo/audio.ts';
import { startCartesiaSimulator } from '../../../demo/simulators/cartesia.ts';
import { poll } from '../../support/poll.ts';

// The SDK's socket works from CommonJS on every supported Node; from ESM it needs a newer one.
const require = createRequire(import.meta.url);
const { Cartesia: CommonJsCartesia } = require('@cartesia/cartesia-js') as { Cartesia: typeof Cartesia };

const FORMAT = { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8000 } as const;
const VOICE = '6ccbfb76-1fc6-48f7-b71d-91ac6298247b';
const request = (transcript: string) => ({
  model_id: 'sonic-3.5',
  transcript,
  voice: VOICE,
  output_format: FORMAT,
});

test('bytes are a chunked stream, audible from the first sample, as long as the text', async (t) => {
  const simulator = await startCartesiaSimulator({ seed: 5 });
  t.after(() => simulator.close());
  const client = new Cartesia({ apiKey: 'test', baseURL: simulator.url });
  const text = 'Of course, with pleasure. At what time?';
  const response = await client.tts.generate(request(text), { headers: { 'x-request-id': 'call-1-0' } });
  const chunks: Buffer[] = [];
  assert.ok(response.body);
  for await (const chunk of response.body) chunks.push(Buffer.from(chunk));
  const audio = Buffer.concat(chunks);
  assert.equal(audio.length, Math.round((text.length / 15) * 8000));
  assert.ok(chunks.length > 3);
  assert.ok(isVoiced(mulawToLinear(audio)[0] ?? 0));
  const [received, first, finished] = simulator.truth;
  assert.ok(received?.kind === 'received' && first?.kind === 'first_byte' && finished?.kind === 'finished');
  assert.equal(received.clientRequestId, 'call-1-0');
  const firstByteMs = (first.atMicros - received.atMicros) / 1000;
  assert.ok(firstByteMs >= 85, `${firstByteMs} ms`);
  assert.deepEqual([finished.characters, finished.bytes], [text.length, audio.length]);
  // Faster than real time.
  assert.ok((finished.atMicros - first.atMicros) / 1e6 < finished.audioSeconds / 2);
});

test('a request that its client aborts stops', async (t) => {
  const simulator = await startCartesiaSimulator();
  t.after(() => simulator.close());
  const client = new Cartesia({ apiKey: 'test', baseURL: simulator.url });
  const controller = new AbortController();
  const response = await client.tts.generate(request('A long answer. '.repeat(10)), {
    signal: controller.signal,
  });
  await assert.rejects(async () => {
    assert.ok(response.body);
    for await (const _ of response.body) controller.abort();
  });
  const aborted = await poll(() => simulator.truth.find((event) => event.kind === 'aborted'));
  assert.ok(aborted.kind === 'aborted' && aborted.audioSeconds > 0 && aborted.audioSeconds < 10);
});

test('server-sent events carry the same audio', async (t) => {
  const simulator = await startCartesiaSimulator();
  t.after(() => simulator.close());
  const client = new Cartesia({ apiKey: 'test', baseURL: simulator.url });
  const stream = await client.tts.generateSSE({ ...request('Goodbye!'), context_id: 'c1' });
  const events = [];
  for await (const event of stream) events.push(event);
  assert.equal(events.at(-1)?.type, 'done');
  const bytes = events.reduce(
    (sum, event) => sum + (event.type === 'chunk' ? Buffer.from(event.data, 'base64').length : 0),
    0,
  );
  assert.equal(bytes, Math.round((8 / 15) * 8000));
});

test('a socket speaks the texts of a context in order, flushes, and is done once', async (t) => {
  const simulator = await startCartesiaSimulator({ tls: true });
  t.after(() => simulator.close());
  const client = new CommonJsCartesia({ apiKey: 'test', baseURL: simulator.url });
  const ws = await client.tts.websocket({ rejectUnauthorized: false });
  t.after(() => ws.close());
  const context = ws.context({
    model_id: 'sonic-3.5',
    voice: VOICE,
    output_format: FORMAT,
    contextId: 'turn-1',
  });
  await context.push({ transcript: 'Of course. ' });
  await context.push({ transcript: 'At what time?', flush: true });
  await context.no_more_inputs();
  let bytes = 0;
  const kinds: string[] = [];
  for await (const event of context.receive()) {
    kinds.push(event.type);
    if (event.type === 'chunk') bytes += event.audio?.byteLength ?? 0;
  }
  assert.equal(bytes, Math.round((11 / 15) * 8000) + Math.round((13 / 15) * 8000));
  assert.deepEqual(kinds.slice(-2), ['flush_done', 'done']);
  const finished = simulator.truth.find((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  assert.deepEqual([finished.characters, finished.bytes], [24, bytes]);
});

test('a cancelled context stops and is done with status 499', async (t) => {
  const simulator = await startCartesiaSimulator({ tls: true });
  t.after(() => simulator.close());
  const client = new CommonJsCartesia({ apiKey: 'test', baseURL: simulator.url });
  const ws = await client.tts.websocket({ rejectUnauthorized: false });
  t.after(() => ws.close());
  const events: { type: string; status_code?: number }[] = [];
  ws.on('event', (event) => events.push(event));
  await ws.send({ ...request('A long answer. '.repeat(10)), context_id: 'turn-1' });
  await poll(() => events.some((event) => event.type === 'chunk'));
  await ws.cancelContext('turn-1');
  const done = await poll(() => events.find((event) => event.type === 'done'));
  assert.equal(done.status_code, 499);
  const aborted = simulator.truth.find((event) => event.kind === 'aborted');
  assert.ok(aborted?.kind === 'aborted' && aborted.audioSeconds < 10);
});

test('statuses and cuts reach the client', async (t) => {
  const simulator = await startCartesiaSimulator();
  t.after(() => simulator.close());
  const client = new Cartesia({ apiKey: 'test', baseURL: simulator.url, maxRetries: 0 });
  simulator.faults.next({ kind: 'status', status: 429 }, { kind: 'cut', afterChunks: 2 });
  await assert.rejects(client.tts.generate(request('Hello.')), Cartesia.RateLimitError);
  const response = await client.tts.generate(request('A long answer indeed.'));
  await assert.rejects(response.arrayBuffer());
  assert.deepEqual(
    simulator.truth.flatMap((event) => (event.kind === 'failed' ? [event.status] : [])),
    [429, 'cut'],
  );
});

test('a process that is given the certificate trusts the TLS simulator', async (t) => {
  const simulator = await startCartesiaSimulator({ tls: true });
  t.after(() => simulator.close());
  assert.ok(simulator.caPath);
  const program = `fetch('${simulator.url}/nowhere').then((r) => console.log(r.status), (e) => console.log(e.cause.code))`;
  const run = async (env: Record<string, string>) =>
    (await promisify(execFile)(process.execPath, ['-e', program], { env })).stdout.trim();
  assert.equal(await run({ NODE_EXTRA_CA_CERTS: simulator.caPath }), '404');
  assert.notEqual(await run({}), '404');
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import * as esm from 'ws';
import { nowMicros } from '../../../demo/now.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import { patchSockets } from '../../../instrumentation/sdks/sockets/sockets.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import { type ElevenLabsSimulator, startElevenLabsSimulator } from '../../support/simulators/elevenlabs.ts';
import { recordSpans, spanOf, takeSpans } from '../../support/spans.ts';

const commonJs = createRequire(import.meta.url)('ws') as typeof esm.WebSocket;
const TEXT = ['Of course, ', 'with pleasure. ', 'At what time? '];
const WORDS = TEXT.join('');
const FORMAT = 'model_id=eleven_flash_v2_5&output_format=ulaw_8000';

let simulator: ElevenLabsSimulator;
before(async () => {
  recordSpans();
  for (const exports of [esm, commonJs]) patchSockets(exports);
  simulator = await startElevenLabsSimulator({ firstByteMs: [20, 30], speed: [40, 50] });
});
after(() => simulator.close());

const open = async (
  path = 'stream-input',
  Socket: typeof esm.WebSocket = esm.WebSocket,
): Promise<esm.WebSocket> => {
  const url = `${simulator.wsUrl}/v1/text-to-speech/nora/${path}?${FORMAT}`;
  const ws = new Socket(url, { headers: { 'xi-api-key': 'key' } });
  await once(ws, 'open');
  return ws;
};
const send = (ws: esm.WebSocket, ...messages: object[]): void => {
  for (const message of messages) ws.send(JSON.stringify(message));
};
const say = (ws: esm.WebSocket, extra: object = {}): void =>
  send(ws, { text: ' ', ...extra }, ...TEXT.map((text) => ({ text, ...extra })));
const truth = () => {
  const finished = simulator.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  return finished;
};
const audio = (ws: esm.WebSocket): Promise<unknown> => once(ws, 'message');

for (const [name, Socket] of [
  ['a stream-input socket, from ESM', esm.WebSocket],
  ['a stream-input socket, from CommonJS', commonJs],
] as const) {
  describe(name, () => {
    it('gives first audio, characters and seconds of its text, in the turn that it answers', async () => {
      const call = new Call();
      const { attributes } = await spanOf(() =>
        call.run(async () => {
          const ws = await open('stream-input', Socket);
          say(ws);
          send(ws, { text: '' });
          await once(ws, 'close');
        }),
      );
      assert.equal(attributes[ATTR.stage], 'tts');
      assert.equal(attributes[ATTR.providerName], 'elevenlabs');
      assert.equal(attributes[ATTR.requestModel], 'eleven_flash_v2_5');
      assert.equal(attributes[ATTR.callId], call.id);
      assert.equal(attributes[ATTR.turnIndex], 0);
      assert.equal(attributes[ATTR.usageCharacters], WORDS.length);
      assert.equal(attributes[ATTR.usageAudioSeconds], truth().audioSeconds);
      assert.ok(Number(attributes[ATTR.ttfb]) >= 0.015);
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.equal(attributes[ATTR.errorType], undefined);
      call.end();
    });

    it('is cancelled when the application closes the socket while it speaks', async () => {
      for (const leave of ['close', 'terminate'] as const) {
        const { attributes } = await spanOf(async () => {
          const ws = await open('stream-input', Socket);
          say(ws);
          send(ws, { text: '' });
          await audio(ws);
          ws[leave]();
          await once(ws, 'close');
        });
        assert.equal(attributes[ATTR.stageCancelled], true, leave);
        assert.equal(attributes[ATTR.errorType], undefined, leave);
        assert.equal(attributes[ATTR.usageCharacters], WORDS.length, leave);
      }
    });
  });
}

describe('a stream-input socket', () => {
  it('that is kept open makes a stage of what was flushed, until no more audio comes', async () => {
    const ws = await open();
    let lastAudioUs: number | undefined;
    ws.on('message', () => {
      lastAudioUs = nowMicros();
    });
    for (let i = 0; i < 2; i++) {
      const span = await spanOf(async () => {
        say(ws);
        send(ws, { text: ' ', flush: true });
      });
      assert.equal(span.attributes[ATTR.usageCharacters], WORDS.length);
      assert.equal(span.attributes[ATTR.stageCancelled], undefined);
      // Not when it was seen to be over.
      assertNear(span.endUs, lastAudioUs);
    }
    ws.close();
    await once(ws, 'close');
  });

  it('fails with the error that the server reports, and when the connection breaks', async () => {
    const refused = await spanOf(async () => {
      const ws = await open();
      send(ws, { text: ' ' }, { text: 'Hello. ' }, { text: 'refuse me' });
      await once(ws, 'close');
    });
    assert.equal(refused.attributes[ATTR.errorType], 'simulated');
    assert.equal(refused.attributes[ATTR.usageCharacters], undefined);
    simulator.faults.next({ kind: 'cut', afterChunks: 1 });
    const broken = await spanOf(async () => {
      const ws = await open();
      say(ws);
      send(ws, { text: '' });
      await once(ws, 'close');
    });
    assert.equal(broken.attributes[ATTR.errorType], 'connection_closed');
    assert.equal(broken.attributes[ATTR.usageCharacters], WORDS.length);
  });

  it('is left alone where someone else reports its syntheses', async () => {
    const text = 'Someone else counts this.';
    await context.with(withReportedStages(context.active()), async () => {
      const ws = await open();
      send(ws, { text: ' ' }, { text }, { text: '' });
      await once(ws, 'close');
    });
    // Those of sockets before this one may end only now.
    assert.deepEqual(
      takeSpans().filter(({ attributes }) => attributes[ATTR.usageCharacters] === text.length),
      [],
    );
  });

  it('gives the application its messages and its errors as they are', async () => {
    const ws = await open();
    const messages: Record<string, unknown>[] = [];
    ws.on('message', (data) => messages.push(JSON.parse(String(data))));
    say(ws);
    send(ws, { text: '' });
    await once(ws, 'close');
    assert.equal(messages.at(-1)?.isFinal, true);
    assert.equal(ws.listenerCount('error'), 0);
  });
});

describe('a multi-stream-input socket', () => {
  it('makes a stage of each context, in the call that sent its text', async () => {
    const ws = await open('multi-stream-input');
    const seen = new Map<string, Set<string | undefined>>();
    ws.on('message', (data) => {
      const id = String((JSON.parse(String(data)) as { contextId?: string }).contextId);
      seen.set(id, (seen.get(id) ?? new Set()).add(activeCall()?.id));
    });
    const calls = [new Call(), new Call()];
    takeSpans();
    for (const call of calls) {
      call.run(() => {
        say(ws, { context_id: call.id });
        send(ws, { context_id: call.id, flush: true }, { context_id: call.id, close_context: true });
      });
    }
    const spans: SpanRecord[] = [];
    const isSpeech = ({ attributes }: SpanRecord) => attributes[ATTR.stage] === 'tts';
    await poll(() => spans.push(...takeSpans().filter(isSpeech)) === 2);
    for (const { id } of calls) {
      const span = spans.find(({ attributes }) => attributes[ATTR.callId] === id);
      assert.equal(span?.attributes[ATTR.usageCharacters], WORDS.length);
      assert.equal(span.attributes[ATTR.usageAudioSeconds], truth().audioSeconds);
      assert.equal(span.attributes[ATTR.stageCancelled], undefined);
      assert.deepEqual(seen.get(id), new Set([id]));
    }
    for (const call of calls) call.end();
    ws.close();
  });

  it('cancels a context that is closed before its text was to be spoken, or with the call it is of', async () => {
    const ws = await open('multi-stream-input');
    const { attributes } = await spanOf(async () => {
      send(ws, { text: ' ', context_id: 'a' }, { text: 'Of course. ', context_id: 'a' });
      send(ws, { context_id: 'a', close_context: true });
    });
    assert.equal(attributes[ATTR.stageCancelled], true);
    ws.close();
  });
});

describe('another socket', () => {
  it('is not touched', async () => {
    const server = new esm.WebSocketServer({ port: 0 });
    const accepted = once(server, 'connection');
    const { port } = server.address() as { port: number };
    const ws = new esm.WebSocket(`ws://127.0.0.1:${port}/v1/text-to-speech/nora?next=stream-input`);
    const [peer] = (await accepted) as [esm.WebSocket];
    await once(ws, 'open');
    for (const socket of [ws, peer])
      for (const method of ['send', 'emit', 'close', 'terminate'])
        assert.ok(!Object.hasOwn(socket, method), method);
    ws.terminate();
    server.close();
  });
});

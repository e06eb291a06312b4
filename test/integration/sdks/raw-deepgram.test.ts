import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as namespace from '@deepgram/sdk';
import { DeepgramClient } from '@deepgram/sdk';
import { type DeepgramSimulator, startDeepgramSimulator } from '../../../demo/simulators/deepgram.ts';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { patchDeepgram } from '../../../instrumentation/sdks/deepgram/deepgram.ts';
import type { Fact } from '../../../model/facts.ts';
import { deepgramEnvironment } from '../../support/deepgram-sdks.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { followRawSockets, outline, SOCKET_KINDS } from '../../support/raw-sockets.ts';
import { type FluxSimulator, startFluxSimulator } from '../../support/simulators/deepgram-flux.ts';
import {
  type DeepgramSpeakSimulator,
  startDeepgramSpeakSimulator,
} from '../../support/simulators/deepgram-speak.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

const NOVA = {
  model: 'nova-3',
  encoding: 'mulaw',
  sample_rate: '8000',
  interim_results: 'true',
  vad_events: 'true',
  endpointing: '300',
};
const FLUX = { model: 'flux-general-en', encoding: 'mulaw', sample_rate: '8000' };
const AURA = { model: 'aura-2-thalia-en', encoding: 'mulaw', sample_rate: '8000' };
const WORDS = 'Of course, with pleasure.';
const SPOKEN = utterance('hours-question');
const KEY = { authorization: 'Token key' };

let listen: DeepgramSimulator;
let flux: FluxSimulator;
let speak: DeepgramSpeakSimulator;
before(async () => {
  recordSpans();
  patchDeepgram(namespace);
  listen = await startDeepgramSimulator();
  flux = await startFluxSimulator();
  speak = await startDeepgramSpeakSimulator();
  followRawSockets([
    { url: listen.url, provider: 'deepgram' },
    { url: flux.url },
    { url: speak.url, provider: 'deepgram' },
  ]);
});
after(() => Promise.all([listen.close(), flux.close(), speak.close()]));

/** What a call with a socket comes to. */
async function factsOf(work: (call: Call) => Promise<void>): Promise<Fact[]> {
  takeFacts();
  const call = new Call();
  await call.run(() => work(call));
  call.end();
  return takeFacts();
}

const clientOf = (simulator: { url: string }) =>
  new DeepgramClient({ apiKey: 'key', environment: deepgramEnvironment(simulator), maxRetries: 0 });

const address = (simulator: { url: string }, path: string, query: Record<string, string>) =>
  `${simulator.url.replace('http', 'ws')}${path}?${new URLSearchParams(query)}`;

/** Says something to a recogniser, until the turn that it opens is accepted, and is silent after it, too. */
async function ask(
  call: Call,
  send: (frame: Uint8Array) => void,
): Promise<{ startUs: number; lateUs: number }> {
  const said = await talk(send, SPOKEN.mulaw);
  await talk(send, silence(0.9));
  await poll(() => call.turn);
  await talk(send, silence(0.02));
  return said;
}

describe('Deepgram listen over raw sockets', () => {
  for (const { path, query, version, simulator } of [
    { path: '/v1/listen', query: NOVA, version: 'v1', simulator: () => listen },
    { path: '/v2/listen', query: FLUX, version: 'v2', simulator: () => flux },
  ] as const) {
    it(`of ${path} is what the SDK's is, on every kind of socket`, async () => {
      const bySdk = await factsOf(async (call) => {
        const socket = await clientOf(simulator()).listen[version].connect({
          ...query,
          Authorization: '',
        } as never);
        socket.connect();
        await socket.waitForOpen();
        await ask(call, (frame) => socket.sendMedia(frame));
        socket.sendCloseStream({ type: 'CloseStream' });
        await poll(() => socket.readyState === 3);
      });
      assert.equal(turnsOf(bySdk).length, 1);
      for (const { name, open } of SOCKET_KINDS) {
        const active: unknown[] = [];
        let said = { startUs: 0, lateUs: 0 };
        const facts = await factsOf(async (call) => {
          const socket = await open(address(simulator(), path, query), KEY);
          socket.onMessage((data) => active.push(typeof data === 'string' && activeCall() === call));
          said = await ask(call, (frame) => socket.send(frame));
          socket.send(JSON.stringify({ type: 'CloseStream' }));
          await socket.closed;
        });
        assert.deepEqual(outline(facts), outline(bySdk), name);
        assert.deepEqual([...new Set(active)], [true], name);
        const endUs = said.startUs + SPOKEN.speechEndSeconds * 1e6;
        const late = Math.abs((turnsOf(facts)[0]?.speechEndedUs ?? 0) - endUs);
        assert.ok(version === 'v2' || late < 20_000 + said.lateUs, `${name}: ${late} µs`);
      }
    });
  }

  it('makes a call of its own where there is none, which ends with it', async () => {
    for (const { name, open } of SOCKET_KINDS) {
      takeFacts();
      const socket = await open(address(listen, '/v1/listen', NOVA), KEY);
      await talk((frame) => socket.send(frame), silence(0.1));
      socket.close();
      await socket.closed;
      const facts: Fact[] = [];
      await poll(() => facts.push(...takeFacts()) > 0 && outline(facts).calls.length > 0);
      assert.deepEqual(outline(facts).calls, ['connection_closed'], name);
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), 0.1, name);
      assert.equal(stagesOf(facts, 'stt')[0]?.errorType, undefined, name);
    }
  });

  it('tells what a connection broke by', async () => {
    for (const { name, open } of SOCKET_KINDS) {
      const facts = await factsOf(async () => {
        listen.faults.next({ kind: 'cut', afterChunks: 0 });
        const socket = await open(address(listen, '/v1/listen', NOVA), KEY);
        let stands = true;
        socket.closed.then(() => {
          stands = false;
        });
        await talk((frame) => stands && socket.send(frame), SPOKEN.mulaw);
        await socket.closed;
      });
      assert.equal(stagesOf(facts, 'stt').at(-1)?.errorType, 'connection_closed', name);
    }
  });
});

describe('Deepgram speak over raw sockets', () => {
  it("is what the SDK's is, on every kind of socket", async () => {
    const bySdk = await factsOf(async () => {
      const socket = await clientOf(speak).speak.v1.connect({ ...AURA, Authorization: '' } as never);
      socket.connect();
      await socket.waitForOpen();
      const flushed = new Promise((resolve) =>
        socket.on(
          'message',
          (message) => (message as { type?: string }).type === 'Flushed' && resolve(undefined),
        ),
      );
      socket.sendText({ type: 'Speak', text: WORDS });
      socket.sendFlush({ type: 'Flush' });
      await flushed;
      socket.close();
    });
    assert.equal(stagesOf(bySdk, 'tts')[0]?.usage?.characters, WORDS.length);
    for (const { name, open } of SOCKET_KINDS) {
      const facts = await factsOf(async () => {
        const socket = await open(address(speak, '/v1/speak', AURA), KEY);
        const flushed = new Promise((resolve) =>
          socket.onMessage(
            (data) => typeof data === 'string' && data.includes('"Flushed"') && resolve(undefined),
          ),
        );
        socket.send(JSON.stringify({ type: 'Speak', text: WORDS }));
        socket.send(JSON.stringify({ type: 'Flush' }));
        await flushed;
        socket.close();
        await socket.closed;
      });
      assert.deepEqual(outline(facts).stages, outline(bySdk).stages, name);
    }
  });
});

describe('a socket that speaks no known protocol', () => {
  it('is left alone', async () => {
    for (const { name, open } of SOCKET_KINDS) {
      const { socket, close, closed } = await open(
        address(speak, '/v1/speak', AURA).replace('127.0.0.1', 'localhost'),
        KEY,
      );
      for (const method of ['send', 'emit', 'close', 'dispatchEvent'])
        assert.ok(!Object.hasOwn(socket, method), `${name}: ${method}`);
      close();
      await closed;
    }
  });
});

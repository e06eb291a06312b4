import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import * as namespace from 'ws';
import { WebSocket, WebSocketServer } from 'ws';
import type { Call } from '../../../instrumentation/call/call.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { activeCall, activeScope } from '../../../instrumentation/call/scope.ts';
import { patchTwilioMediaStreams } from '../../../instrumentation/sdks/twilio/twilio.ts';
import type { StageFact } from '../../../model/facts.ts';
import { callsOf, stagesOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

const require = createRequire(import.meta.url);
const oldest = require('ws-oldest') as { Server: typeof WebSocketServer };

before(() => {
  recordSpans();
  for (const build of [namespace, require('ws'), oldest]) patchTwilioMediaStreams(build);
});

type Handler = (ws: WebSocket) => void;
/** Ways in which an application takes connections. */
const SERVERS: Record<string, (handler: Handler) => Promise<{ port: number; close(): void }>> = {
  'with a port': (handler) => listenWith(WebSocketServer, handler),
  'with the oldest version': (handler) => listenWith(oldest.Server, handler),
  'with an HTTP server': async (handler) => {
    const http = createServer().listen(0, '127.0.0.1');
    new WebSocketServer({ server: http }).on('connection', handler);
    await once(http, 'listening');
    return { port: (http.address() as AddressInfo).port, close: () => http.close() };
  },
  'with handleUpgrade': async (handler) => {
    const http = createServer().listen(0, '127.0.0.1');
    const server = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => server.handleUpgrade(request, socket, head, handler));
    await once(http, 'listening');
    return { port: (http.address() as AddressInfo).port, close: () => http.close() };
  },
};

async function listenWith(Server: typeof WebSocketServer, handler: Handler) {
  const server = new Server({ port: 0, host: '127.0.0.1' });
  server.on('connection', handler);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

const connected = { event: 'connected', protocol: 'Call', version: '1.0.0' };
const start = (callSid: string, customParameters: object = {}) => ({
  event: 'start',
  sequenceNumber: '1',
  start: { accountSid: 'AC1', streamSid: 'MZ1', callSid, tracks: ['inbound'], customParameters },
  streamSid: 'MZ1',
});
const media = { event: 'media', media: { track: 'inbound', payload: Buffer.alloc(160).toString('base64') } };
const audio = (milliseconds: number) => ({
  event: 'media',
  streamSid: 'MZ1',
  media: { payload: Buffer.alloc(milliseconds * 8).toString('base64') },
});

/** Hung up at the end: a call that failed its test must not keep the process. */
const phones = new Set<WebSocket>();
after(() => {
  for (const ws of phones) ws.terminate();
});

/** A telephone company: sends what it is told to, keeps what it gets. */
async function dial(port: number) {
  const ws = new WebSocket(`ws://127.0.0.1:${port}`);
  phones.add(ws);
  await once(ws, 'open');
  return { ws, say: (message: unknown) => ws.send(JSON.stringify(message)), close: () => ws.close() };
}

for (const [name, listen] of Object.entries(SERVERS)) {
  describe(`a media stream, ${name}`, () => {
    it('is a call, from start to stop, and its handlers run in it', async () => {
      takeFacts();
      const seen: (string | undefined)[] = [];
      let call: Call | undefined;
      const server = await listen((ws) => {
        const scope = activeScope();
        seen.push(scope ? 'scope' : undefined);
        ws.on('message', (data) => {
          const { event } = JSON.parse(String(data));
          call ??= activeCall();
          seen.push(`${event} ${activeCall()?.id}`);
          setTimeout(() => seen.push(`after ${event} ${scope?.call?.id}`), 1);
        });
      });
      const phone = await dial(server.port);
      const parameters = {
        direction: 'outbound',
        campaign_id: 'c7',
        agent_name: 'luigi',
        From: '+390612345678',
      };
      for (const message of [connected, start('CA1', parameters), media, { event: 'stop' }])
        phone.say(message);
      await poll(() => call?.ended && seen.length >= 9);
      phone.close();
      server.close();
      assert.deepEqual(
        seen.filter((line) => !line?.startsWith('after')),
        ['scope', 'connected undefined', 'start CA1', 'media CA1', 'stop CA1'],
      );
      assert.ok(seen.includes('after connected CA1'));
      const fact = callsOf(takeFacts())[0];
      assert.ok(fact);
      assert.deepEqual(
        [
          fact.callId,
          fact.direction,
          fact.channel,
          fact.transport,
          fact.campaignId,
          fact.agentName,
          fact.endReason,
        ],
        ['CA1', 'outbound', 'phone', 'twilio', 'c7', 'luigi', 'hangup'],
      );
      assert.equal(JSON.stringify(fact).includes('39061234'), false);
    });
  });
}

describe('a media stream', () => {
  let server: { port: number; close(): void };
  const sockets: WebSocket[] = [];
  const calls: (Call | undefined)[] = [];
  before(async () => {
    server = await (SERVERS['with a port'] ?? assert.fail())((ws) => {
      sockets.push(ws);
      ws.on('message', (data) => {
        if (String(data).includes('"start"')) calls.push(activeCall());
      });
    });
  });
  after(() => server.close());

  /** A call that has started: the application's end of it and the telephone's. */
  async function begin(callSid: string) {
    takeFacts();
    const before = calls.length;
    const phone = await dial(server.port);
    phone.say(connected);
    phone.say(start(callSid));
    await poll(() => calls.length > before);
    const [ws, call] = [sockets.at(-1), calls.at(-1)];
    assert.ok(ws && call);
    return { phone, call, send: (message: unknown) => ws.send(JSON.stringify(message)) };
  }
  const playbacks = (): StageFact[] => stagesOf(takeFacts(), 'playback');

  it('ends with its connection when no stop came', async () => {
    const { phone, call } = await begin('CA2');
    phone.ws.terminate();
    await poll(() => call.ended);
    const fact = callsOf(takeFacts())[0];
    assert.equal(fact?.endReason, 'connection_closed');
  });

  it('plays from the first audio to the return of the last mark', async () => {
    const { phone, call, send } = await begin('CA3');
    const startedUs = nowUs();
    send(audio(40));
    send({ event: 'mark', mark: { name: 'a' } });
    send(audio(40));
    send({ event: 'mark', mark: { name: 'b' } });
    phone.say({ event: 'mark', mark: { name: 'a' } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(call.turn?.playing, true);
    const endedUs = nowUs();
    phone.say({ event: 'mark', mark: { name: 'b' } });
    await poll(() => call.turn?.playing !== true);
    const [playback] = playbacks();
    assertNear(playback?.startUs, startedUs);
    assert.ok(playback && playback.endUs >= endedUs);
    assertNear(playback.endUs, endedUs, 10_000);
    assert.equal(playback.cancelled, undefined);
    assert.equal(playback.playbackSource, 'observed');
    phone.close();
  });

  it('plays for as long as its audio lasts when there is no mark', async () => {
    const { phone, call, send } = await begin('CA4');
    for (let i = 0; i < 10; i++) send(audio(20));
    await poll(() => call.turn?.playing === false);
    const [playback] = playbacks();
    // Its timer ends it: the machine decides how late, and the playback lasts as long as its audio all the same.
    assertNear(playback?.endUs, (playback?.startUs ?? Number.NaN) + 200_000);
    phone.close();
  });

  it('is interrupted by clear, and marks that come back with it mean nothing', async () => {
    const { phone, call, send } = await begin('CA5');
    // Where nothing does, a clear ends the turn, and audio that was on its way is none of the next.
    call.tracker.listens();
    send(audio(500));
    send({ event: 'mark', mark: { name: 'end' } });
    send({ event: 'clear', streamSid: 'MZ1' });
    assert.equal(call.turn?.playing, false);
    send(audio(500));
    send({ event: 'mark', mark: { name: 'end' } });
    phone.say({ event: 'mark', mark: { name: 'end' } });
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(call.turn?.playing, true);
    phone.close();
    await poll(() => call.ended);
    const [cleared] = playbacks();
    assert.equal(cleared?.cancelled, true);
  });

  it('leaves other sockets alone', async () => {
    takeFacts();
    const before = calls.length;
    const phone = await dial(server.port);
    phone.ws.send('hello');
    phone.say(start('CA6'));
    await poll(() => calls.length > before);
    assert.equal(calls.at(-1), undefined);
    phone.close();
    await poll(() => sockets.at(-1)?.readyState === 3);
    assert.equal(takeFacts().length, 0);
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import * as namespace from 'ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Call } from '../../../instrumentation/call/call.ts';
import { setParameterTags } from '../../../instrumentation/call/call-tags.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { patchPlivoMediaStreams } from '../../../instrumentation/sdks/plivo/plivo.ts';
import { patchSignalWireMediaStreams } from '../../../instrumentation/sdks/signalwire/signalwire.ts';
import { patchTelnyxMediaStreams } from '../../../instrumentation/sdks/telnyx/telnyx.ts';
import { patchTwilioMediaStreams } from '../../../instrumentation/sdks/twilio/twilio.ts';
import { patchVonageMediaStreams } from '../../../instrumentation/sdks/vonage/vonage.ts';
import type { Fact } from '../../../model/facts.ts';
import { EVENT } from '../../../model/semconv.ts';
import { callsOf, stagesOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  CarrierLine,
  type CarrierProtocol,
  plivo,
  signalwire,
  telnyx,
  twilio,
  vonage,
} from '../../support/simulators/carriers.ts';
import { recordSpans, takeFacts, takeSpans } from '../../support/spans.ts';

before(() => {
  recordSpans();
  for (const patch of [
    patchTwilioMediaStreams,
    patchTelnyxMediaStreams,
    patchPlivoMediaStreams,
    patchVonageMediaStreams,
    patchSignalWireMediaStreams,
  ])
    patch(namespace);
});

/** Each carrier in each of its codecs. */
const LINES: readonly (readonly [carrier: string, codec: string, CarrierProtocol])[] = [
  ['twilio', 'mu-law', twilio()],
  ['telnyx', 'PCMU', telnyx('PCMU', 8_000, 8)],
  ['telnyx', 'PCMA', telnyx('PCMA', 8_000, 8)],
  ['telnyx', 'L16 at 16 kHz', telnyx('L16', 16_000, 32)],
  ['plivo', 'mu-law', plivo('audio/x-mulaw', 8_000, 8)],
  ['plivo', 'L16 at 8 kHz', plivo('audio/x-l16', 8_000, 16)],
  ['plivo', 'L16 at 16 kHz', plivo('audio/x-l16;rate=16000', 16_000, 32)],
  ['vonage', 'L16 at 8 kHz', vonage(8_000)],
  ['vonage', 'L16 at 16 kHz', vonage(16_000)],
  ['vonage', 'L16 at 24 kHz', vonage(24_000)],
  ['signalwire', 'mu-law', signalwire(8_000)],
  ['signalwire', 'L16 at 24 kHz', signalwire(24_000)],
];

describe('a media stream', () => {
  let server: WebSocketServer;
  let url = '';
  let ws: WebSocket | undefined;
  let call: Call | undefined;
  before(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket) => {
      ws = socket;
      socket.on('message', () => {
        call ??= activeCall();
      });
    });
    await once(server, 'listening');
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/media`;
  });
  after(() => server.close());

  async function begin(protocol: CarrierProtocol, parameters: Record<string, string> = {}) {
    takeFacts();
    [ws, call] = [undefined, undefined];
    const line = await CarrierLine.dial(url, protocol, parameters);
    line.say(protocol.frame);
    const begun = await poll(() => call);
    const socket = ws as WebSocket | undefined;
    assert.ok(socket);
    return { line, call: begun, socket, send: (message: string | Buffer) => socket.send(message) };
  }

  /** All facts, when the call has ended. */
  async function factsOf(call: Call): Promise<Fact[]> {
    await poll(() => call.ended);
    return takeFacts();
  }

  for (const [carrier, codec, protocol] of LINES)
    describe(`of ${carrier} in ${codec}`, () => {
      it('is a call of its own carrier, id and parameters, and ends when the caller hangs up', async () => {
        const parameters = { direction: 'outbound', campaign_id: 'c7', agent_name: 'luigi', secret: 'x41' };
        const { line, call } = await begin(protocol, parameters);
        line.hangUp();
        const facts = await factsOf(call);
        const [fact] = callsOf(facts);
        assert.deepEqual(
          [fact?.callId, fact?.transport, fact?.channel, fact?.direction, fact?.campaignId, fact?.agentName],
          [protocol.id, carrier, 'phone', 'outbound', 'c7', 'luigi'],
        );
        assert.equal(fact?.endReason, 'hangup');
        assert.doesNotMatch(JSON.stringify(facts), /x41|13122010094|13122123456/);
      });

      it('is heard for as long as its audio lasts', async () => {
        const { line, call, send } = await begin(protocol);
        for (let i = 0; i < 10; i++) send(protocol.app.audio(20));
        await poll(() => call.turn?.playing === false);
        line.hangUp();
        const [playback] = stagesOf(await factsOf(call), 'playback');
        assert.equal(playback?.playbackSource, 'observed');
        assertNear(playback?.endUs, (playback?.startUs ?? Number.NaN) + 200_000);
        assert.equal(line.heardMs, 200);
      });

      it('is heard up to the return of its last mark', async () => {
        const { line, call, send } = await begin(protocol);
        send(protocol.app.audio(60));
        send(protocol.app.mark('end'));
        await poll(() => call.turn?.playing === false);
        const endedUs = nowUs();
        line.hangUp();
        const [playback] = stagesOf(await factsOf(call), 'playback');
        assert.equal(playback?.cancelled, undefined);
        assertNear(playback?.endUs, endedUs, 20_000);
      });

      it('is cut off by a clear, and a mark of the same name counts again', async () => {
        const { line, call, send } = await begin(protocol);
        call.tracker.listens();
        send(protocol.app.audio(5_000));
        send(protocol.app.mark('end'));
        send(protocol.app.clear);
        assert.equal(call.turn?.playing, false);
        // The clear has gone round before the next answer is said.
        await poll(() => line.heardMs === 5_000);
        send(protocol.app.audio(40));
        send(protocol.app.mark('end'));
        await poll(() => call.turn?.playing === false);
        line.hangUp();
        const playbacks = stagesOf(await factsOf(call), 'playback');
        assert.deepEqual(
          playbacks.map(({ cancelled }) => cancelled === true),
          [true, false],
        );
      });

      it('has keys, without saying which', async () => {
        const { line, call } = await begin(protocol);
        takeSpans();
        line.press('7');
        line.press('3');
        line.hangUp();
        await poll(() => call.ended);
        const events = takeSpans().flatMap((span) => span.events);
        assert.deepEqual(
          events.map(({ name, attributes }) => [name, attributes]),
          [
            [EVENT.keyPressed, {}],
            [EVENT.keyPressed, {}],
          ],
        );
      });

      it('ends with a connection that breaks, or that the application closes', async () => {
        const broken = await begin(protocol);
        broken.line.breakOff();
        assert.equal(callsOf(await factsOf(broken.call))[0]?.endReason, 'connection_closed');
        const closed = await begin(protocol);
        closed.socket.close();
        assert.equal(callsOf(await factsOf(closed.call))[0]?.endReason, 'connection_closed');
      });
    });

  it('has the numbers of its caller and the one called where the settings name them', async (t) => {
    t.after(() => setParameterTags([]));
    setParameterTags(['from']);
    const { line, call } = await begin(telnyx('PCMU', 8_000, 8));
    line.hangUp();
    const facts = await factsOf(call);
    assert.deepEqual(callsOf(facts)[0]?.tags, { from: '+13122010094' });
    assert.doesNotMatch(JSON.stringify(facts), /13122123456/);
  });

  it('whose audio has an unknown length is left to the estimate of what is spoken', async () => {
    for (const [codec, sound] of [
      ['OPUS', Buffer.alloc(400)],
      ['PCMU', Buffer.from('ID3 and so on')],
      ['PCMU', Buffer.from('fffb9064', 'hex')],
    ] as const) {
      const { line, call, send } = await begin(telnyx(codec, 8_000, 8));
      send(JSON.stringify({ event: 'media', media: { payload: sound.toString('base64') } }));
      line.hangUp();
      assert.deepEqual(stagesOf(await factsOf(call), 'playback'), [], codec);
    }
  });

  it('of Vonage has its id from the address where no header says it', async () => {
    takeFacts();
    call = undefined;
    const { begin: _, ...rest } = vonage(16_000);
    const nameless: CarrierProtocol = {
      ...rest,
      begin: () => [{ event: 'websocket:connected', 'content-type': 'audio/l16;rate=16000' }],
    };
    const line = await CarrierLine.dial(`${url}?call_id=from-address`, nameless);
    const begun = await poll(() => call);
    assert.equal(begun.id, 'from-address');
    line.hangUp();
    await poll(() => begun.ended);
  });

  it('of a carrier that is not known is left alone', async () => {
    takeFacts();
    call = undefined;
    const exotel = {
      event: 'start',
      stream_sid: 's1',
      start: { stream_sid: 's1', call_sid: 'c1', account_sid: 'a1', from: '+1', to: '+2' },
    };
    const line = await CarrierLine.dial(url, { ...twilio(), begin: () => [{ event: 'connected' }, exotel] });
    line.hangUp();
    await poll(() => ws?.readyState === 3);
    assert.equal(call, undefined);
    assert.deepEqual(takeFacts(), []);
  });

  it('that comes back on the same id, as after a transfer, is another leg of one call', async () => {
    const first = await begin(twilio());
    first.line.hangUp();
    await poll(() => first.call.ended);
    const before = takeFacts();
    const second = await begin(twilio());
    second.line.hangUp();
    const facts = [...before, ...(await factsOf(second.call))];
    assert.equal(new Set(facts.map(({ callId }) => callId)).size, 1);
    assert.equal(callsOf(facts).length, 2);
  });
});

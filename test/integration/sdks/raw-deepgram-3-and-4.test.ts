import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as three from 'deepgram-sdk-3';
import * as four from 'deepgram-sdk-4';
import { type DeepgramSimulator, startDeepgramSimulator } from '../../../demo/simulators/deepgram.ts';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { followHttp } from '../../../instrumentation/sdks/fetch/http.ts';
import { followUndici } from '../../../instrumentation/sdks/fetch/undici.ts';
import type { Fact } from '../../../model/facts.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { followRawSockets } from '../../support/raw-sockets.ts';
import {
  type DeepgramSpeakSimulator,
  startDeepgramSpeakSimulator,
} from '../../support/simulators/deepgram-speak.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

const TEXT = 'Of course, with pleasure.';
const SPOKEN = utterance('hours-question');
const AURA = { model: 'aura-2-thalia-en', encoding: 'mulaw', sample_rate: 8_000 } as const;

let listen: DeepgramSimulator;
let speak: DeepgramSpeakSimulator;
before(async () => {
  recordSpans();
  followUndici();
  followHttp();
  listen = await startDeepgramSimulator();
  speak = await startDeepgramSpeakSimulator();
  followRawSockets([
    { url: listen.url, provider: 'deepgram' },
    { url: speak.url, provider: 'deepgram' },
  ]);
});
after(() => Promise.all([listen.close(), speak.close()]));

const client = (createClient: typeof four.createClient, { url }: { readonly url: string }) =>
  createClient('key', {
    global: {
      fetch: { options: { url } },
      websocket: { options: { url: url.replace('http', 'ws') } },
    },
  });

async function factsOf(work: (call: Call) => Promise<void>): Promise<Fact[]> {
  takeFacts();
  const call = new Call();
  await call.run(() => work(call));
  call.end();
  return takeFacts();
}

// No version of it is instrumented below 5: this is what is seen of an SDK that is not known.
for (const [name, sdk] of [
  ['@deepgram/sdk 3', three as unknown as typeof four],
  ['@deepgram/sdk 4', four],
] as const) {
  const { createClient, LiveTranscriptionEvents, LiveTTSEvents } = sdk;
  describe(`${name}, by what it says on the wire`, () => {
    it('listens: the turn, when the user spoke, the audio', async () => {
      let said = { startUs: 0, lateUs: 0 };
      const facts = await factsOf(async (call) => {
        const live = client(createClient, listen).listen.live({
          model: 'nova-3',
          encoding: 'mulaw',
          sample_rate: 8_000,
          interim_results: true,
          vad_events: true,
          endpointing: 300,
        });
        const closed = new Promise((resolve) => live.on(LiveTranscriptionEvents.Close, resolve));
        await new Promise((resolve) => live.on(LiveTranscriptionEvents.Open, resolve));
        const send = (frame: Uint8Array): void => live.send(new Uint8Array(frame).buffer);
        said = await talk(send, SPOKEN.mulaw);
        await talk(send, silence(0.6));
        await poll(() => call.turn);
        live.requestClose();
        await closed;
      });
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      const endUs = said.startUs + SPOKEN.speechEndSeconds * 1e6;
      assert.ok(Math.abs((turn?.speechEndedUs ?? 0) - endUs) < 20_000 + said.lateUs);
      const stt = stagesOf(facts, 'stt');
      assert.deepEqual([stt[0]?.provider, stt[0]?.model], ['deepgram', 'nova-3']);
      assert.equal(audioSecondsOf(stt), SPOKEN.mulaw.length / 8_000 + 0.6);
    });

    it('speaks over its socket: first audio, characters, seconds', async () => {
      const facts = await factsOf(async () => {
        const live = client(createClient, speak).speak.live(AURA);
        await new Promise((resolve) => live.on(LiveTTSEvents.Open, resolve));
        const flushed = new Promise((resolve) => live.on(LiveTTSEvents.Flushed, resolve));
        const closed = new Promise((resolve) => live.on(LiveTTSEvents.Close, resolve));
        live.sendText(TEXT);
        live.flush();
        await flushed;
        live.requestClose();
        await closed;
      });
      const [tts, ...others] = stagesOf(facts, 'tts');
      assert.deepEqual(others, []);
      assert.deepEqual([tts?.provider, tts?.model, tts?.cancelled], ['deepgram', AURA.model, undefined]);
      assert.equal(tts?.usage?.characters, TEXT.length);
      assert.ok((tts.usage.audioSeconds ?? 0) > 0);
      assert.ok(tts.firstByteUs !== undefined);
    });

    it('speaks by a request: first byte and end, at the least', async () => {
      const facts = await factsOf(async (call) => {
        const answer = await client(createClient, speak).speak.request({ text: TEXT }, AURA);
        const reader = (await answer.getStream())?.getReader();
        assert.ok(reader);
        while (!(await reader.read()).done);
        await poll(() => [...(call.turn?.openStages ?? [])].every(({ kind }) => kind !== 'tts'));
      });
      const [tts, ...others] = stagesOf(facts, 'tts');
      assert.deepEqual(others, []);
      assert.deepEqual([tts?.provider, tts?.model, tts?.usage], ['deepgram', AURA.model, undefined]);
      assert.ok(tts?.firstByteUs !== undefined);
    });
  });
}

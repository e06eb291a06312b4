import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Loopback } from '../../../demo/simulators/server.ts';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { followRawSockets, SOCKET_KINDS } from '../../support/raw-sockets.ts';
import {
  startSonioxSimulator,
  startSpeechmaticsSimulator,
} from '../../support/simulators/piecewise-recognisers.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

const SPOKEN = utterance('hours-question');
/** What the recogniser understands, as far as punctuation goes. */
const plain = (text: string | undefined): string => (text ?? '').toLowerCase().replace(/[^a-z' ]/g, '');

let soniox: Loopback;
let speechmatics: Loopback;
before(async () => {
  recordSpans();
  soniox = await startSonioxSimulator();
  speechmatics = await startSpeechmaticsSimulator();
  followRawSockets([{ url: soniox.url }, { url: speechmatics.url, provider: 'speechmatics' }]);
});
after(() => Promise.all([soniox.close(), speechmatics.close()]));

const MULAW = { encoding: 'mulaw', sample_rate: 8_000 };
const SERVICES = [
  {
    provider: 'soniox',
    model: 'stt-rt-v4',
    address: () => `${soniox.url.replace('http', 'ws')}/transcribe-websocket`,
    first: {
      api_key: 'key',
      model: 'stt-rt-v4',
      audio_format: 'mulaw',
      sample_rate: 8_000,
      enable_endpoint_detection: true,
    },
    last: '',
  },
  {
    provider: 'speechmatics',
    model: 'enhanced',
    address: () => `${speechmatics.url.replace('http', 'ws')}/v2?jwt=key`,
    first: {
      message: 'StartRecognition',
      audio_format: { type: 'raw', ...MULAW },
      transcription_config: {
        language: 'en',
        operating_point: 'enhanced',
        conversation_config: { end_of_utterance_silence_trigger: 0.5 },
      },
    },
    last: JSON.stringify({ message: 'EndOfStream', last_seq_no: 1 }),
  },
] as const;

for (const { provider, model, address, first, last } of SERVICES)
  for (const { name, open } of SOCKET_KINDS)
    describe(`${provider} over ${name}`, () => {
      it('tells when the user spoke, by where the words lie in the audio', async () => {
        takeFacts();
        const call = new Call();
        let said = { startUs: 0, lateUs: 0 };
        let words: string | undefined;
        await call.run(async () => {
          const socket = await open(address());
          socket.send(JSON.stringify(first));
          said = await talk((frame) => socket.send(frame), SPOKEN.mulaw);
          await talk((frame) => socket.send(frame), silence(0.6));
          await poll(() => call.turn?.userText);
          words = call.turn?.userText;
          socket.send(last);
          assert.equal(await socket.closed, 1000);
        });
        call.end();
        const facts = takeFacts();
        const [turn, ...others] = turnsOf(facts);
        assert.deepEqual(others, []);
        assert.equal(plain(words), plain(SPOKEN.words.map(({ word }) => word).join(' ')));
        assert.ok(turn?.speechStartedUs && turn.speechEndedUs && turn.committedUs);
        const near = (us: number, seconds: number): void =>
          assert.ok(Math.abs(us - (said.startUs + seconds * 1e6)) < 20_000 + said.lateUs, `${us} ${seconds}`);
        near(turn.speechStartedUs, SPOKEN.words[0]?.start ?? 0);
        near(turn.speechEndedUs, SPOKEN.words.at(-1)?.end ?? 0);
        assert.equal(turn.eouSource, 'stt_word_end');
        assert.ok(turn.committedUs > turn.speechEndedUs + 250_000);
        const stt = stagesOf(facts, 'stt');
        assert.deepEqual([stt[0]?.provider, stt[0]?.model, stt[0]?.turnIndex], [provider, model, 0]);
        assert.ok(stt[0]?.firstByteUs !== undefined && stt[0].firstByteUs < turn.committedUs);
        assert.equal(audioSecondsOf(stt), SPOKEN.mulaw.length / 8_000 + 0.6);
        assert.deepEqual([...new Set(stt.map(({ errorType }) => errorType))], [undefined]);
      });
    });

describe('Soniox', () => {
  it('is done with what was said when the application asks for it', async () => {
    takeFacts();
    const call = new Call();
    const [{ open }] = SOCKET_KINDS;
    await call.run(async () => {
      const socket = await open(SERVICES[0].address());
      const finished = new Promise<void>((resolve) =>
        socket.onMessage((data) => String(data).includes('<fin>') && resolve()),
      );
      socket.send(JSON.stringify({ ...SERVICES[0].first, enable_endpoint_detection: false }));
      await talk((frame) => socket.send(frame), SPOKEN.mulaw);
      socket.send(JSON.stringify({ type: 'finalize' }));
      await finished;
      socket.close();
      await socket.closed;
    });
    call.end();
    const [turn] = turnsOf(takeFacts());
    assert.ok(turn?.committedUs);
  });
});

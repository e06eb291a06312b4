import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { GladiaClient } from '@gladiaio/sdk';
import type { Loopback } from '../../../demo/simulators/server.ts';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { followRawSockets, type RawSocket, SOCKET_KINDS } from '../../support/raw-sockets.ts';
import { startGladiaSimulator } from '../../support/simulators/gladia.ts';
import {
  startSonioxSimulator,
  startSpeechmaticsSimulator,
} from '../../support/simulators/piecewise-recognisers.ts';
import { startRimeSimulator } from '../../support/simulators/rime.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

const SPOKEN = utterance('hours-question');
/** What the recogniser understands, as far as punctuation goes. */
const plain = (text: string | undefined): string => (text ?? '').toLowerCase().replace(/[^a-z' ]/g, '');

let soniox: Loopback;
let speechmatics: Loopback;
let gladia: Loopback;
let rime: Loopback;
before(async () => {
  recordSpans();
  soniox = await startSonioxSimulator();
  speechmatics = await startSpeechmaticsSimulator();
  gladia = await startGladiaSimulator();
  rime = await startRimeSimulator();
  followRawSockets([
    { url: soniox.url },
    { url: speechmatics.url, provider: 'speechmatics' },
    { url: gladia.url, provider: 'gladia' },
    { url: rime.url },
  ]);
});
after(() => Promise.all([soniox, speechmatics, gladia, rime].map((each) => each.close())));

/** A session of Gladia, which a request settles. */
async function gladiaAddress(settings: object = {}): Promise<string> {
  const body = JSON.stringify({
    encoding: 'wav/ulaw',
    sample_rate: 8_000,
    messages_config: { receive_partial_transcripts: true, receive_lifecycle_events: true, ...settings },
  });
  const answer = await fetch(`${gladia.url}/v2/live`, { method: 'POST', body });
  return ((await answer.json()) as { url: string }).url;
}

const MULAW = { encoding: 'mulaw', sample_rate: 8_000 };
const SERVICES = [
  {
    provider: 'soniox',
    model: 'stt-rt-v4',
    address: async () => `${soniox.wsUrl}/transcribe-websocket`,
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
    address: async () => `${speechmatics.wsUrl}/v2?jwt=key`,
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
  {
    provider: 'gladia',
    model: undefined,
    address: () => gladiaAddress(),
    first: undefined,
    last: JSON.stringify({ type: 'stop_recording' }),
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
          const socket = await open(await address());
          if (first) socket.send(JSON.stringify(first));
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
      const socket = await open(await SERVICES[0].address());
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

/** Says something over a socket of Gladia, in a call. */
async function toGladia(
  settings: object,
  frameOf: (audio: Uint8Array) => string | Uint8Array = (audio) => audio,
  before = 0,
) {
  takeFacts();
  const call = new Call();
  const [{ open }] = SOCKET_KINDS;
  const address = await gladiaAddress(settings);
  let said = { startUs: 0, lateUs: 0 };
  await call.run(async () => {
    if (before > 0) {
      const broken = await open(address);
      await talk((frame) => broken.send(frame), silence(before));
      broken.close();
      await broken.closed;
    }
    const socket = await open(address);
    said = await talk((frame) => socket.send(frameOf(frame)), SPOKEN.mulaw);
    await talk((frame) => socket.send(frameOf(frame)), silence(0.6));
    await poll(() => call.turn?.userText);
    socket.send(JSON.stringify({ type: 'stop_recording' }));
    await socket.closed;
  });
  call.end();
  return { facts: takeFacts(), said };
}

describe('Gladia', () => {
  const spokenUs = (SPOKEN.words.at(-1)?.end ?? 0) * 1e6;
  const seconds = SPOKEN.mulaw.length / 8_000 + 0.6;
  const asText = (audio: Uint8Array): string =>
    JSON.stringify({ type: 'audio_chunk', data: { chunk: Buffer.from(audio).toString('base64') } });

  it('goes on over a second connection, with audio as text, whose positions count from where the first broke off', async () => {
    const { facts, said } = await toGladia({}, asText, 0.4);
    const [turn] = turnsOf(facts);
    assert.equal(turn?.eouSource, 'stt_word_end');
    const off = Math.abs((turn.speechEndedUs ?? 0) - said.startUs - spokenUs);
    assert.ok(off < 20_000 + said.lateUs, `${off}`);
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), seconds + 0.4);
  });

  it('does not say what is sent where it acknowledges nothing: speech ends when the message about it comes', async () => {
    const { facts } = await toGladia({ receive_acknowledgments: false });
    assert.equal(turnsOf(facts)[0]?.eouSource, 'stt_event');
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), seconds);
  });

  it('is followed under its SDK', async () => {
    takeFacts();
    const call = new Call();
    await call.run(async () => {
      const session = new GladiaClient({ apiKey: 'key', apiUrl: gladia.url }).liveV2().startSession({
        encoding: 'wav/ulaw' as never,
        sample_rate: 8_000,
        messages_config: { receive_partial_transcripts: true },
      });
      const ended = new Promise((resolve) => session.once('ended', resolve));
      await new Promise((resolve) => session.once('connected', resolve));
      await talk((frame) => session.sendAudio(frame), SPOKEN.mulaw);
      await talk((frame) => session.sendAudio(frame), silence(0.6));
      await poll(() => call.turn?.userText);
      session.stopRecording();
      await ended;
    });
    call.end();
    const facts = takeFacts();
    assert.equal(turnsOf(facts)[0]?.eouSource, 'stt_word_end');
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), seconds);
  });
});

for (const { name, open } of SOCKET_KINDS)
  describe(`Rime over ${name}`, () => {
    const TEXT = 'Of course, with pleasure. At what time?';
    const address = () => `${rime.wsUrl}/ws3?speaker=astra&modelId=arcana&audioFormat=pcm&samplingRate=8000`;

    /** What a call comes to in which a socket is used. */
    async function syntheses(
      use: (socket: RawSocket, said: (type: string) => Promise<void>, call: Call) => Promise<void>,
    ) {
      takeFacts();
      const call = new Call();
      await call.run(async () => {
        const socket = await open(address());
        const seen: string[] = [];
        socket.onMessage((data) => seen.push((JSON.parse(String(data)) as { type: string }).type));
        const said = (type: string): Promise<void> => {
          const before = seen.length;
          return poll(() => seen.indexOf(type, before) >= 0).then(() => {});
        };
        await use(socket, said, call);
        await socket.closed;
      });
      call.end();
      return stagesOf(takeFacts(), 'tts').map((stage) => ({
        provider: stage.provider,
        model: stage.model,
        turnIndex: stage.turnIndex,
        usage: stage.usage,
        cancelled: stage.cancelled === true,
        errorType: stage.errorType,
        hasFirstByte: stage.firstByteUs !== undefined,
      }));
    }
    const say = (socket: RawSocket, text: string, contextId?: string): void =>
      socket.send(JSON.stringify({ text, contextId }));
    const operate = (socket: RawSocket, operation: string, contextId?: string): void =>
      socket.send(JSON.stringify({ operation, contextId }));
    const SPOKEN_WHOLE = {
      provider: 'rime',
      model: 'arcana',
      turnIndex: 0,
      usage: { characters: TEXT.length, audioSeconds: TEXT.length / 15 },
      cancelled: false,
      errorType: undefined,
      hasFirstByte: true,
    };

    it('gives each text its first audio, characters and seconds, in the turn that it answers', async () => {
      const stages = await syntheses(async (socket, said, call) => {
        for (const contextId of ['one', undefined]) {
          const turn = call.startTurn();
          for (const piece of TEXT.split(/(?<=[.?] ?)/)) say(socket, piece, contextId);
          const done = said('done');
          operate(socket, 'flush', contextId);
          await done;
          turn.end();
        }
        operate(socket, 'eos');
      });
      assert.deepEqual(stages, [SPOKEN_WHOLE, { ...SPOKEN_WHOLE, turnIndex: 1 }]);
    });

    it('is whole when the socket closes behind the last text, and cancelled when it is cleared or closed', async () => {
      const stages = await syntheses(async (socket, said, call) => {
        call.startTurn();
        for (const end of ['clear', 'close'] as const) {
          const audio = said('chunk');
          say(socket, TEXT, end);
          operate(socket, 'flush', end);
          await audio;
          if (end === 'close') socket.close();
          else operate(socket, 'clear');
        }
      });
      assert.deepEqual(
        stages.map(({ usage, cancelled, errorType }) => [usage?.characters, cancelled, errorType]),
        [
          [TEXT.length, true, undefined],
          [TEXT.length, true, undefined],
        ],
      );
      const [whole] = await syntheses(async (socket, _, call) => {
        call.startTurn();
        say(socket, TEXT);
        operate(socket, 'eos');
      });
      assert.deepEqual(whole, SPOKEN_WHOLE);
    });

    it('fails with what the server refuses', async () => {
      const [refused] = await syntheses(async (socket, said, call) => {
        call.startTurn();
        const error = said('error');
        say(socket, 'refuse me', 'one');
        await error;
        socket.close();
      });
      assert.equal(refused?.errorType, 'error');
    });
  });

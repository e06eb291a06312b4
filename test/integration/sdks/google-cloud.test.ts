import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as speech from '@google-cloud/speech';
import * as textToSpeech from '@google-cloud/text-to-speech';
import { credentials } from '@grpc/grpc-js';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchGoogleSpeech } from '../../../instrumentation/sdks/google/speech.ts';
import { patchGoogleTextToSpeech } from '../../../instrumentation/sdks/google/text-to-speech.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import {
  type GoogleCloudSimulator,
  SPOKEN_RATE,
  SPOKEN_SECONDS,
  startGoogleCloudSimulator,
} from '../../support/simulators/google-cloud.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

const SPOKEN = utterance('hours-question');
const TEXT = 'Of course, with pleasure.';
const VOICE = { languageCode: 'en-US', name: 'en-US-Chirp3-HD-Charon' };

let simulator: GoogleCloudSimulator;
before(async () => {
  // Nothing is asked of a machine of Google.
  process.env.METADATA_SERVER_DETECTION = 'none';
  recordSpans();
  patchGoogleSpeech(speech);
  patchGoogleTextToSpeech(textToSpeech);
  simulator = await startGoogleCloudSimulator();
});
after(() => simulator.close());

type Client = new (options: object) => unknown;
/** A client that speaks to the simulator, without a key and without TLS. */
function connect<C>(Client: unknown): C {
  return new (Client as Client)({
    apiEndpoint: '127.0.0.1',
    servicePath: '127.0.0.1',
    port: simulator.port,
    // Else it is looked for where Google's machines have it.
    projectId: 'project',
    sslCreds: credentials.createInsecure(),
  }) as C;
}

interface Duplex extends NodeJS.EventEmitter {
  write(value: unknown): void;
  end(): void;
}

describe('@google-cloud/speech', () => {
  it('listens: the turn, when the user spoke, the audio as billed', async () => {
    takeFacts();
    const call = new Call();
    let said = { startUs: 0, lateUs: 0 };
    await call.run(async () => {
      const client = connect<{ streamingRecognize(config: object): Duplex }>(speech.SpeechClient);
      const config = {
        encoding: 'MULAW',
        sampleRateHertz: 8_000,
        languageCode: 'en-US',
        model: 'telephony',
        enableWordTimeOffsets: true,
      };
      const stream = client.streamingRecognize({ config, interimResults: true });
      const closed = new Promise((resolve) => stream.on('end', resolve));
      stream.on('data', () => {});
      said = await talk((frame) => stream.write(Buffer.from(frame)), SPOKEN.mulaw);
      await talk((frame) => stream.write(Buffer.from(frame)), silence(0.6));
      await poll(() => call.turn?.userText);
      stream.end();
      await closed;
    });
    call.end();
    const facts = takeFacts();
    const [turn, ...others] = turnsOf(facts);
    assert.deepEqual(others, []);
    assert.ok(turn?.speechStartedUs && turn.speechEndedUs && turn.committedUs);
    assert.equal(turn.eouSource, 'stt_word_end');
    const endUs = said.startUs + (SPOKEN.words.at(-1)?.end ?? 0) * 1e6;
    assert.ok(Math.abs(turn.speechEndedUs - endUs) < 20_000 + said.lateUs);
    const stt = stagesOf(facts, 'stt');
    assert.deepEqual([stt[0]?.provider, stt[0]?.model], ['gcp.speech', 'telephony']);
    assert.ok(stt[0]?.firstByteUs !== undefined && stt[0].firstByteUs < turn.committedUs);
    assert.equal(audioSecondsOf(stt), Math.ceil(SPOKEN.mulaw.length / 8_000 + 0.6));
    assert.deepEqual([...new Set(stt.map(({ errorType }) => errorType))], [undefined]);
  });
});

describe('@google-cloud/text-to-speech', () => {
  const client = () =>
    connect<{
      synthesizeSpeech(request: object): Promise<[{ audioContent: Uint8Array }]>;
      streamingSynthesize(): Duplex;
    }>(textToSpeech.TextToSpeechClient);
  const spoken = async (work: () => unknown) => {
    takeFacts();
    const call = new Call();
    await call.run(work);
    call.end();
    const [tts, ...others] = stagesOf(takeFacts(), 'tts');
    assert.deepEqual(others, []);
    assert.ok(tts);
    return tts;
  };

  it('speaks whole: characters, seconds', async () => {
    const audioConfig = { audioEncoding: 'LINEAR16', sampleRateHertz: SPOKEN_RATE };
    const tts = await spoken(() =>
      client().synthesizeSpeech({ input: { text: TEXT }, voice: VOICE, audioConfig }),
    );
    assert.deepEqual([tts.provider, tts.model, tts.turnIndex], ['gcp.speech', 'chirp3-hd', 0]);
    assert.deepEqual(tts.usage, { characters: TEXT.length, audioSeconds: SPOKEN_SECONDS });
    assert.ok(tts.firstByteUs !== undefined);
  });

  it('fails as it failed', async () => {
    const request = { input: { text: 'nothing' }, voice: VOICE, audioConfig: { audioEncoding: 'MP3' } };
    const tts = await spoken(() => assert.rejects(client().synthesizeSpeech(request)));
    assert.ok(tts.errorType);
  });

  it('speaks as a stream: first audio, characters, seconds', async () => {
    const tts = await spoken(async () => {
      const stream = client().streamingSynthesize();
      const ended = new Promise((resolve) => stream.on('end', resolve));
      stream.on('data', () => {});
      const streamingAudioConfig = { audioEncoding: 'PCM', sampleRateHertz: SPOKEN_RATE };
      stream.write({ streamingConfig: { voice: VOICE, streamingAudioConfig } });
      for (const text of ['Of course, ', 'with pleasure.']) stream.write({ input: { text } });
      stream.end();
      await ended;
    });
    assert.deepEqual(tts.usage, { characters: TEXT.length, audioSeconds: SPOKEN_SECONDS });
    assert.deepEqual([tts.model, tts.cancelled], ['chirp3-hd', undefined]);
    assert.ok(tts.firstByteUs !== undefined && tts.firstByteUs <= tts.endUs);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as azure from 'microsoft-cognitiveservices-speech-sdk';
import { mulawToLinear } from '../../../demo/audio.ts';
import type { Loopback } from '../../../demo/simulators/server.ts';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { followRawSockets } from '../../support/raw-sockets.ts';
import { SPOKEN_SECONDS, startAzureSpeechSimulator } from '../../support/simulators/azure-speech.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

const SPOKEN = utterance('hours-question');
const TEXT = 'Tom & Jerry, of course.';

let simulator: Loopback;
before(async () => {
  recordSpans();
  simulator = await startAzureSpeechSimulator();
  followRawSockets([{ url: simulator.url, provider: 'azure.ai.speech' }]);
});
after(() => simulator.close());

const config = (): azure.SpeechConfig => azure.SpeechConfig.fromHost(new URL(simulator.wsUrl), 'key');

const linear = (mulaw: Uint8Array): ArrayBuffer => new Int16Array(mulawToLinear(mulaw)).buffer as ArrayBuffer;

describe('microsoft-cognitiveservices-speech-sdk, by what it says on the wire', () => {
  it('listens: the turn, when the user spoke, the audio', async () => {
    takeFacts();
    const call = new Call();
    let said = { startUs: 0, lateUs: 0 };
    await call.run(async () => {
      const stream = azure.AudioInputStream.createPushStream(
        azure.AudioStreamFormat.getWaveFormatPCM(8_000, 16, 1),
      );
      const recogniser = new azure.SpeechRecognizer(config(), azure.AudioConfig.fromStreamInput(stream));
      await new Promise<void>((resolve, reject) =>
        recogniser.startContinuousRecognitionAsync(resolve, reject),
      );
      said = await talk((frame) => stream.write(linear(frame)), SPOKEN.mulaw);
      await talk((frame) => stream.write(linear(frame)), silence(0.6));
      await poll(() => call.turn?.userText);
      await new Promise<void>((resolve, reject) =>
        recogniser.stopContinuousRecognitionAsync(resolve, reject),
      );
      await new Promise<void>((resolve) => recogniser.close(resolve, () => resolve()));
    });
    call.end();
    const facts = takeFacts();
    const [turn, ...others] = turnsOf(facts);
    assert.deepEqual(others, []);
    assert.ok(turn?.speechStartedUs && turn.speechEndedUs && turn.committedUs);
    assert.equal(turn.eouSource, 'stt_word_end');
    // The SDK sends audio on in pieces of a tenth of a second.
    const off = turn.speechEndedUs - (said.startUs + SPOKEN.speechEndSeconds * 1e6);
    assert.ok(off > -20_000 && off < 250_000 + said.lateUs, `${off}`);
    const stt = stagesOf(facts, 'stt');
    assert.equal(stt[0]?.provider, 'azure.ai.speech');
    assert.ok(stt[0].firstByteUs !== undefined && stt[0].firstByteUs < turn.committedUs);
    assert.deepEqual([...new Set(stt.map(({ errorType }) => errorType))], [undefined]);
    assert.ok(Math.abs(audioSecondsOf(stt) - (SPOKEN.mulaw.length / 8_000 + 0.6)) < 0.25);
  });

  it('speaks: first audio, characters, seconds', async () => {
    takeFacts();
    const call = new Call();
    await call.run(async () => {
      const voice = config();
      voice.speechSynthesisVoiceName = 'en-US-AvaMultilingualNeural';
      voice.speechSynthesisOutputFormat = azure.SpeechSynthesisOutputFormat.Raw8Khz8BitMonoMULaw;
      const synthesiser = new azure.SpeechSynthesizer(voice, null as never);
      const { audioData } = await new Promise<azure.SpeechSynthesisResult>((resolve, reject) =>
        synthesiser.speakTextAsync(TEXT, resolve, reject),
      );
      assert.equal(audioData.byteLength, SPOKEN_SECONDS * 8_000);
      synthesiser.close();
    });
    call.end();
    const [tts, ...others] = stagesOf(takeFacts(), 'tts');
    assert.deepEqual(others, []);
    assert.deepEqual(
      [tts?.provider, tts?.model, tts?.turnIndex, tts?.cancelled],
      ['azure.ai.speech', 'neural', 0, undefined],
    );
    assert.deepEqual(tts?.usage, { characters: TEXT.length, audioSeconds: SPOKEN_SECONDS });
    assert.ok(tts?.firstByteUs !== undefined && tts.firstByteUs < tts.endUs);
  });
});

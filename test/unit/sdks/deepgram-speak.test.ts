import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import { requestFormat, socketFormat } from '../../../instrumentation/sdks/deepgram/audio.ts';
import { SpeakV1Connection, SpeakV2Connection } from '../../../instrumentation/sdks/deepgram/speak/speak.ts';
import { ATTR } from '../../../model/semconv.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);

const PHONE = { model: 'aura-2-thalia-en', encoding: 'mulaw', sample_rate: '8000' };
const SECOND = new ArrayBuffer(8_000);
const text = (words: string) => ({ type: 'Speak', text: words });
const tell = (connection: SpeakV1Connection | SpeakV2Connection, message: object): void =>
  connection.message(JSON.stringify(message), Date.now());

/** Model, characters, seconds, and how it ended, of each synthesis that has ended. */
const taken = () =>
  takeSpans().map(({ attributes }) => [
    attributes[ATTR.usageCharacters],
    attributes[ATTR.usageAudioSeconds],
    attributes[ATTR.errorType] ?? (attributes[ATTR.stageCancelled] === true ? 'cancelled' : 'spoken'),
  ]);

describe('the audio of Deepgram', () => {
  it('on a socket is linear at 24 kHz unless it is asked for otherwise', () => {
    assert.equal(socketFormat({}).bytesPerSecond, 48_000);
    assert.equal(socketFormat({ encoding: 'alaw' }).bytesPerSecond, 8_000);
    assert.equal(socketFormat({ encoding: 'linear16', sample_rate: '16000' }).bytesPerSecond, 32_000);
    assert.equal(socketFormat({ encoding: 'opus' }).bytesPerSecond, undefined);
  });

  it('of a request is compressed, or a file that says what it is, unless it is asked for otherwise', () => {
    assert.equal(requestFormat({}).bytesPerSecond, undefined);
    assert.equal(requestFormat({ encoding: 'linear16', sample_rate: 8_000 }).bytesPerSecond, undefined);
    assert.deepEqual(requestFormat({ encoding: 'mulaw', container: 'none' }), {
      headerBytes: 0,
      bytesPerSecond: 8_000,
    });
  });
});

describe('a socket of speak v1', () => {
  const open = (args: object = PHONE): SpeakV1Connection => {
    takeSpans();
    return new SpeakV1Connection({ ...args }, ROOT_CONTEXT);
  };

  it('answers a flush of nothing too', () => {
    const connection = open();
    connection.flush();
    connection.say(text('Hello'));
    connection.flush();
    tell(connection, { type: 'Flushed', sequence_id: 0 });
    connection.message(SECOND, Date.now());
    assert.deepEqual(taken(), []);
    tell(connection, { type: 'Flushed', sequence_id: 1 });
    assert.deepEqual(taken(), [[5, 1, 'spoken']]);
  });

  it('names its model where the application named none', () => {
    const connection = open({});
    tell(connection, { type: 'Metadata', model_name: 'aura-asteria-en' });
    connection.say(text('Hello'));
    connection.closed({});
    assert.equal(takeSpans()[0]?.attributes[ATTR.requestModel], 'aura-asteria-en');
  });

  it('ends what no one answers, and gives what comes later to what was sent later', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const connection = open();
    connection.say(text('Hello'));
    connection.flush();
    t.mock.timers.tick(5 * 60_000);
    assert.deepEqual(taken(), [[5, 0, 'cancelled']]);
    connection.say(text('Hello again'));
    connection.flush();
    connection.message(SECOND, Date.now());
    tell(connection, { type: 'Flushed', sequence_id: 0 });
    assert.deepEqual(taken(), [[11, 1, 'spoken']]);
  });

  it('fails with an error of the service, and survives messages that make no sense', () => {
    const connection = open();
    connection.say({});
    connection.say(undefined);
    connection.say(text('Hello'));
    for (const message of ['', '{', 'null', '[]', '{"type":"Cleared"}', '{"type":"Warning"}'])
      connection.message(message, Date.now());
    tell(connection, { type: 'Error', code: 'DATA-0000' });
    assert.deepEqual(taken(), [[undefined, undefined, 'DATA-0000']]);
  });
});

describe('a socket of speak v2', () => {
  const open = (): SpeakV2Connection => {
    takeSpans();
    return new SpeakV2Connection({ ...PHONE, model: 'flux-alexis-en' }, ROOT_CONTEXT);
  };
  const metadata = (speech_id: string) => ({
    speech_id,
    audio_duration_ms: 700,
    input_character_count: 6,
    billable_character_count: 5,
  });

  it('goes by what it is billed as', () => {
    const connection = open();
    connection.say(text('Hello\n'));
    connection.flush();
    tell(connection, { type: 'SpeechStarted', speech_id: 'a' });
    connection.message(SECOND, Date.now());
    tell(connection, { type: 'SpeechMetadata', ...metadata('a') });
    assert.deepEqual(taken(), [[5, 0.7, 'spoken']]);
  });

  it('stops all that was sent before an interruption, and nothing that was sent after', () => {
    const connection = open();
    for (const words of ['Hello\n', 'there']) {
      connection.say(text(words));
      connection.flush();
    }
    tell(connection, { type: 'SpeechStarted', speech_id: 'a' });
    connection.interrupt();
    connection.say(text('Pardon?'));
    connection.flush();
    tell(connection, { type: 'SpeechInterrupted', audio_played_ms: 700, metadata: metadata('a') });
    assert.deepEqual(taken(), [
      [5, 0.7, 'cancelled'],
      [5, 0, 'cancelled'],
    ]);
    tell(connection, { type: 'SpeechStarted', speech_id: 'c' });
    connection.message(SECOND, Date.now());
    tell(connection, { type: 'SpeechMetadata', speech_id: 'c' });
    assert.deepEqual(taken(), [[7, 1, 'spoken']]);
  });
});

describe('whatever happens on a socket of speak', () => {
  it('every text is one synthesis, and its audio is counted once', () => {
    const happening = fc.constantFrom(
      'say',
      'flush',
      'stop',
      'audio',
      'Flushed',
      'Cleared',
      'SpeechStarted',
      'SpeechMetadata',
      'SpeechInterrupted',
      'break',
    );
    fc.assert(
      fc.property(fc.boolean(), fc.array(happening, { maxLength: 60 }), (first, happenings) => {
        takeSpans();
        const connection = first
          ? new SpeakV1Connection({ ...PHONE }, ROOT_CONTEXT)
          : new SpeakV2Connection({ ...PHONE }, ROOT_CONTEXT);
        let characters = 0;
        let seconds = 0;
        for (const event of happenings) {
          if (event === 'say') {
            connection.say(text('Hello'));
            characters += 5;
          } else if (event === 'flush') connection.flush();
          else if (event === 'stop')
            connection instanceof SpeakV1Connection ? connection.clear() : connection.interrupt();
          else if (event === 'audio') {
            connection.message(SECOND, Date.now());
            seconds++;
          } else if (event === 'break') {
            connection.closed({});
            connection.opened();
          } else tell(connection, { type: event });
        }
        connection.closed({});
        const ended = taken();
        assert.equal(
          ended.reduce((sum, [each]) => sum + Number(each), 0),
          characters,
        );
        assert.ok(ended.reduce((sum, [, each]) => sum + Number(each), 0) <= seconds);
      }),
      { numRuns: 200 },
    );
  });
});

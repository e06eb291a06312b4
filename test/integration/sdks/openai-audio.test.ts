import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import Groq, * as groqNamespace from 'groq-sdk';
import OldestGroq, * as oldestGroqNamespace from 'groq-sdk-oldest';
import OpenAI, * as openaiNamespace from 'openai';
import OldestOpenAI, * as oldestOpenaiNamespace from 'openai-oldest';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchGroq } from '../../../instrumentation/sdks/groq/groq.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import type { Fact, StageFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import { stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { requestsReceived } from '../../support/requests-received.ts';
import {
  type AudioSimulator,
  recording,
  startAudioSimulator,
} from '../../support/simulators/openai-audio.ts';
import { recordSpans, spanOf, takeFacts } from '../../support/spans.ts';

const require = createRequire(import.meta.url);
const cjsGroq = require('groq-sdk') as { Groq: typeof Groq };
const cjsOpenai = require('openai') as { OpenAI: typeof OpenAI };
const TEXT = 'Of course, with pleasure. At what time?';

const BUILDS = [
  { name: 'openai from ESM', provider: 'openai', path: '/v1', make: OpenAI },
  { name: 'openai from CommonJS', provider: 'openai', path: '/v1', make: cjsOpenai.OpenAI },
  { name: 'the oldest openai', provider: 'openai', path: '/v1', make: OldestOpenAI },
  { name: 'groq-sdk from ESM', provider: 'groq', path: '/', make: Groq },
  { name: 'groq-sdk from CommonJS', provider: 'groq', path: '/', make: cjsGroq.Groq },
  { name: 'the oldest groq-sdk', provider: 'groq', path: '/', make: OldestGroq },
] as const;
type Build = (typeof BUILDS)[number];

let simulator: AudioSimulator;
before(async () => {
  recordSpans();
  for (const exports of [openaiNamespace, cjsOpenai, oldestOpenaiNamespace]) patchOpenAi(exports);
  for (const exports of [groqNamespace, cjsGroq, oldestGroqNamespace]) patchGroq(exports);
  simulator = await startAudioSimulator();
});
after(() => simulator.close());

/** The audio API of either SDK: they are alike in what is used here. */
const client = ({ make, path }: Build): OpenAI => {
  const Make = make as unknown as new (options: object) => OpenAI;
  return new Make({ apiKey: 'key', baseURL: new URL(path, simulator.url).href, maxRetries: 0 });
};
const stages = (facts: readonly Fact[], stage: StageFact['stage']): StageFact[] => stagesOf(facts, stage);
const last = <K extends 'spoken' | 'transcribed' | 'received'>(kind: K) => {
  const event = simulator.truth.findLast((candidate) => candidate.kind === kind);
  assert.ok(event?.kind === kind);
  return event as Extract<(typeof simulator.truth)[number], { kind: K }>;
};

for (const build of BUILDS) {
  describe(`speech of ${build.name}`, () => {
    const speak = (more: object, options = {}) =>
      client(build).audio.speech.create(
        { model: 'tts-1', voice: 'nova', input: TEXT, ...more } as never,
        options,
      );

    it('gives first byte, characters and seconds, in the turn that it answers', async () => {
      const call = new Call();
      takeFacts();
      const response = await call.run(() => speak({ response_format: 'wav' }));
      assert.ok(response instanceof Response);
      const audio = await response.arrayBuffer();
      const [fact] = stages(takeFacts(), 'tts');
      call.end();
      assert.ok(audio.byteLength > 44);
      assert.deepEqual(fact?.usage, {
        characters: TEXT.length,
        audioSeconds: (audio.byteLength - 44) / 48_000,
      });
      assert.equal(fact.usage.audioSeconds, last('spoken').audioSeconds);
      assert.equal(fact.provider, build.provider);
      assert.equal(fact.model, 'tts-1');
      assert.equal(fact.turnIndex, 0);
      assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs >= fact.startUs + 20_000);
      // Whether the caller spoke before it is not known.
      const [turn] = turnsOf(takeFacts());
      assert.ok(turn);
      assert.equal(turn.initiator, undefined);
    });

    it('does not take bytes of compressed audio for time', async () => {
      const { attributes } = await spanOf(async () => (await speak({ response_format: 'mp3' })).blob());
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
      assert.equal(attributes[ATTR.usageAudioSeconds], undefined);
    });

    it('is the same through asResponse, and read as a stream', async () => {
      const { attributes } = await spanOf(async () => {
        const response = await speak({ response_format: 'wav' }).asResponse();
        for await (const _ of response.body ?? []);
      });
      assert.equal(attributes[ATTR.usageAudioSeconds], last('spoken').audioSeconds);
    });

    it('is cancelled when it is not read to its end', async () => {
      const { attributes } = await spanOf(async () => {
        const { body } = await speak({ response_format: 'wav' });
        for await (const _ of body ?? []) break;
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
    });

    it('counts its text when it is aborted before the audio comes: it was sent', async () => {
      const { attributes } = await spanOf(async () => {
        const aborted = new AbortController();
        const asked = speak({}, { signal: aborted.signal });
        const before = requestsReceived(simulator);
        void poll(() => requestsReceived(simulator) > before).then(() => aborted.abort());
        await assert.rejects(async () => await asked);
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
    });

    it('fails with the class of a refusal and with the connection', async () => {
      simulator.faults.next({ kind: 'status', status: 429 });
      const refused = await spanOf(() => assert.rejects(async () => await speak({}), { status: 429 }));
      assert.equal(refused.attributes[ATTR.errorType], 'RateLimitError');
      assert.equal(refused.attributes[ATTR.usageCharacters], undefined);
      simulator.faults.next({ kind: 'cut', afterChunks: 2 });
      const cut = await spanOf(() => assert.rejects(async () => (await speak({})).arrayBuffer()));
      assert.ok(cut.attributes[ATTR.errorType]);
      assert.equal(cut.attributes[ATTR.usageCharacters], TEXT.length);
    });
  });

  describe(`transcription of ${build.name}`, () => {
    const SECONDS = 1.5;
    const model = build.provider === 'groq' ? 'whisper-large-v3-turbo' : 'whisper-1';
    const transcribe = (more: object = {}, seconds = SECONDS) =>
      client(build).audio.transcriptions.create({
        model,
        file: new File([new Uint8Array(recording(seconds))], 'turn.wav', { type: 'audio/wav' }),
        ...more,
      } as never) as unknown as Promise<{ text: string }>;

    it('opens the turn that its words begin, with what is known of their end', async () => {
      const call = new Call({ at: Date.now() - 10_000 });
      takeFacts();
      const before = Date.now();
      const { text } = await call.run(() => transcribe());
      call.end();
      const facts = takeFacts();
      const [turn, ...more] = turnsOf(facts);
      const [stage] = stages(facts, 'stt');
      assert.equal(text, simulator.transcript);
      assert.equal(more.length, 0);
      assert.equal(turn?.initiator, 'user');
      // The user had stopped when the recording was sent, and begun as long before as it lasts.
      assert.ok(stage && turn.speechEndedUs === stage.startUs);
      assert.equal(turn.eouSource, 'stt_event');
      assert.equal(turn.speechStartedUs, stage.startUs - SECONDS * 1e6);
      assert.equal(turn.committedUs, stage.endUs);
      assert.equal(stage.turnIndex, 0);
      assert.equal(stage.streaming, false);
      assert.deepEqual(stage.usage, { audioSeconds: SECONDS });
      assert.ok(stage.startUs >= before * 1_000 && stage.endUs - stage.startUs >= 20_000);
      assert.ok(stage.firstByteUs !== undefined && stage.firstByteUs <= stage.endUs);
    });

    it('knows the end of the last word where the transcript has it', async () => {
      const call = new Call({ at: Date.now() - 10_000 });
      takeFacts();
      await call.run(() =>
        transcribe({ response_format: 'verbose_json', timestamp_granularities: ['word'] }),
      );
      call.end();
      const facts = takeFacts();
      const [turn] = turnsOf(facts);
      const [stage] = stages(facts, 'stt');
      assert.equal(turn?.eouSource, 'stt_word_end');
      assert.equal(turn.speechEndedUs, (stage?.startUs ?? 0) - 300_000);
      assert.equal(turn.speechStartedUs, (stage?.startUs ?? 0) - SECONDS * 1e6 + 200_000);
      assert.deepEqual(stage?.usage, { audioSeconds: SECONDS });
    });

    it('of silence opens no turn, and costs', async () => {
      simulator.transcript = '';
      const call = new Call();
      takeFacts();
      await call
        .run(() => transcribe())
        .finally(() => {
          simulator.transcript = 'Can I book a table?';
        });
      call.end();
      const facts = takeFacts();
      assert.deepEqual(turnsOf(facts), []);
      const [stage] = stages(facts, 'stt');
      assert.equal(stage?.callId, call.id);
      assert.equal(stage.turnIndex, undefined);
      assert.deepEqual(stage.usage, { audioSeconds: SECONDS });
    });

    it('is in one turn with the synthesis that answers it', async () => {
      const call = new Call();
      takeFacts();
      await call.run(async () => {
        await transcribe();
        await (
          await client(build).audio.speech.create({ model: 'tts-1', voice: 'nova', input: TEXT } as never)
        ).blob();
      });
      call.end();
      const facts = takeFacts();
      assert.equal(turnsOf(facts).length, 1);
      assert.equal(stages(facts, 'tts')[0]?.turnIndex, 0);
    });

    it('gives a span outside of any call, and takes a transcript as text', async () => {
      const { attributes } = await spanOf(() => transcribe({ response_format: 'text' }));
      assert.equal(attributes[ATTR.sttStreaming], false);
      assert.equal(attributes[ATTR.usageAudioSeconds], SECONDS);
      assert.equal(attributes[ATTR.callId], undefined);
    });

    it('fails with the class of the error, opens no turn and is not billed', async () => {
      simulator.faults.next({ kind: 'status', status: 429 });
      const call = new Call();
      takeFacts();
      await assert.rejects(async () => call.run(() => transcribe()), { status: 429 });
      call.end();
      const facts = takeFacts();
      assert.deepEqual(turnsOf(facts), []);
      assert.equal(stages(facts, 'stt')[0]?.errorType, 'RateLimitError');
      assert.equal(stages(facts, 'stt')[0]?.usage, undefined);
    });

    it('of two calls stays apart', async () => {
      const calls = [new Call(), new Call()];
      takeFacts();
      await Promise.all(calls.map((call) => call.run(() => transcribe())));
      for (const call of calls) call.end();
      const facts = takeFacts();
      assert.deepEqual(
        new Set(turnsOf(facts).map(({ callId }) => callId)),
        new Set(calls.map(({ id }) => id)),
      );
    });
  });
}

for (const build of BUILDS.slice(0, 3)) {
  describe(`audio of ${build.name} alone`, () => {
    it('as events has tokens, and the seconds of its samples', async () => {
      const { attributes } = await spanOf(async () => {
        const response = await client(build).audio.speech.create({
          model: 'gpt-4o-mini-tts',
          voice: 'nova',
          input: TEXT,
          response_format: 'pcm',
          stream_format: 'sse',
        });
        assert.match(await response.text(), /speech\.audio\.done/);
      });
      const { usage, audioSeconds } = last('spoken');
      assert.equal(attributes[ATTR.usageAudioSeconds], audioSeconds);
      assert.equal(attributes[ATTR.inputTokens], usage?.input_tokens);
      assert.equal(attributes[ATTR.outputTokens], usage?.output_tokens);
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
      assert.ok(attributes[ATTR.ttfb]);
    });

    it('gives the transcript of a stream from its first piece on, with tokens by kind', async () => {
      const call = new Call();
      takeFacts();
      await call.run(async () => {
        const events = await client(build).audio.transcriptions.create({
          model: 'gpt-4o-transcribe',
          file: new File([new Uint8Array(recording(2))], 'turn.wav'),
          stream: true,
        });
        for await (const _ of events);
      });
      call.end();
      const facts = takeFacts();
      const [stage] = stages(facts, 'stt');
      const { usage } = last('transcribed');
      assert.deepEqual(stage?.usage, {
        inputTokens: usage?.input_tokens,
        inputAudioTokens: usage?.input_token_details?.audio_tokens,
        outputTokens: usage?.output_tokens,
        audioSeconds: 2,
      });
      assert.ok(stage.firstByteUs !== undefined && stage.firstByteUs < stage.endUs);
      assert.equal(turnsOf(facts).length, 1);
    });
  });
}

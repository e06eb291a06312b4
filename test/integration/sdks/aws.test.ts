import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as bedrock from '@aws-sdk/client-bedrock-runtime';
import * as polly from '@aws-sdk/client-polly';
import * as transcribe from '@aws-sdk/client-transcribe-streaming';
import { mulawToLinear } from '../../../demo/audio.ts';
import { utterance } from '../../../demo/speech.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchBedrock } from '../../../instrumentation/sdks/aws/bedrock.ts';
import { patchPolly } from '../../../instrumentation/sdks/aws/polly.ts';
import { patchTranscribe } from '../../../instrumentation/sdks/aws/transcribe.ts';
import type { StageFact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import {
  type AwsSimulator,
  BEDROCK_TEXT,
  BEDROCK_USAGE,
  INVOKED_USAGE,
  POLLY_CHARACTERS,
  POLLY_SECONDS,
  startAwsSimulator,
} from '../../support/simulators/aws.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';

const NOVA = 'us.amazon.nova-lite-v1:0';
const CLAUDE = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const QUESTION = { role: 'user', content: [{ text: 'Can I book a table?' }] } as const;
const SPOKEN = utterance('hours-question');

let simulator: AwsSimulator;
before(async () => {
  recordSpans();
  patchBedrock(bedrock);
  patchPolly(polly);
  patchTranscribe(transcribe);
  simulator = await startAwsSimulator();
});
after(() => simulator.close());

const options = () => ({
  region: 'us-east-1',
  endpoint: simulator.url,
  credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
  maxAttempts: 1,
});

/** The stage that work in a call comes to. */
async function stageOf(kind: StageKind, work: () => unknown): Promise<StageFact> {
  takeFacts();
  const call = new Call();
  await call.run(work);
  const found: StageFact[] = [];
  await poll(() => found.push(...stagesOf(takeFacts(), kind)) > 0);
  call.end();
  const [stage, ...others] = [...found, ...stagesOf(takeFacts(), kind)];
  assert.deepEqual(others, []);
  assert.ok(stage);
  assert.deepEqual([stage.callId, stage.turnIndex], [call.id, 0]);
  return stage;
}

/** Reads events until there are `enough`. */
const read = async (events: AsyncIterable<unknown> | undefined, enough = 100): Promise<void> => {
  let seen = 0;
  for await (const _ of events ?? []) if (++seen >= enough) break;
};

describe('@aws-sdk/client-bedrock-runtime', () => {
  const client = () => new bedrock.BedrockRuntimeClient(options());
  const converse = { modelId: NOVA, messages: [QUESTION] as never };
  const stream = async (enough?: number, abortSignal?: AbortSignal) =>
    read(
      (await client().send(new bedrock.ConverseStreamCommand(converse), abortSignal && { abortSignal }))
        .stream,
      enough,
    );

  it('streams: first token, its end, tokens and what was cached of them', async () => {
    const stage = await stageOf('llm', () => stream());
    assert.deepEqual(
      [stage.provider, stage.model, stage.finishReasons, stage.cancelled],
      ['aws.bedrock', NOVA, ['end_turn'], undefined],
    );
    assert.deepEqual(stage.usage, BEDROCK_USAGE);
    assert.ok(stage.firstByteUs !== undefined && stage.firstByteUs >= stage.startUs + 10_000);
    assert.ok(stage.endUs > stage.firstByteUs);
  });

  it('answers whole, also by the methods of the aggregated client', async () => {
    for (const work of [
      () => client().send(new bedrock.ConverseCommand(converse)),
      () => new bedrock.BedrockRuntime(options()).converse(converse),
    ]) {
      const stage = await stageOf('llm', work);
      assert.deepEqual([stage.model, stage.usage], [NOVA, BEDROCK_USAGE]);
    }
  });

  it('is cancelled where the application stops reading, or aborts', async () => {
    const left = await stageOf('llm', () => stream(2));
    assert.deepEqual([left.cancelled, left.errorType, left.usage?.estimated], [true, undefined, true]);
    const aborted = await stageOf('llm', async () => {
      const controller = new AbortController();
      const { stream } = await client().send(new bedrock.ConverseStreamCommand(converse), {
        abortSignal: controller.signal,
      });
      try {
        for await (const event of stream ?? []) if (event.contentBlockDelta) controller.abort();
      } catch {
        // Over HTTP/2 it ends; over HTTP/1, which older versions speak, it breaks.
      }
    });
    assert.deepEqual([aborted.cancelled, aborted.errorType], [true, undefined]);
  });

  it('fails as it failed', async () => {
    simulator.refuse(429);
    const stage = await stageOf('llm', () => assert.rejects(stream(), { name: 'ThrottlingException' }));
    assert.deepEqual([stage.errorType, stage.usage], ['ThrottlingException', undefined]);
  });

  for (const [modelId, usage] of [
    [NOVA, BEDROCK_USAGE],
    [CLAUDE, INVOKED_USAGE],
  ] as const)
    it(`invokes ${modelId}, streamed and whole, in its own words`, async () => {
      const request = { modelId, body: JSON.stringify({ messages: [QUESTION] }) };
      const streamed = await stageOf('llm', async () => {
        const command = new bedrock.InvokeModelWithResponseStreamCommand(request);
        await read((await client().send(command)).body);
      });
      assert.deepEqual([streamed.usage, streamed.finishReasons], [usage, ['end_turn']]);
      assert.ok(streamed.firstByteUs !== undefined && streamed.firstByteUs < streamed.endUs);
      const whole = await stageOf('llm', async () => {
        const { body } = await client().send(new bedrock.InvokeModelCommand(request));
        assert.match(body.transformToString(), new RegExp(BEDROCK_TEXT));
      });
      assert.deepEqual(whole.usage, usage);
    });

  it('gives of other models the counts that Bedrock adds', async () => {
    const stage = await stageOf('llm', async () => {
      const command = new bedrock.InvokeModelWithResponseStreamCommand({
        modelId: 'meta.llama4-scout-17b-instruct-v1:0',
        body: '{}',
      });
      await read((await client().send(command)).body);
    });
    assert.ok(stage.firstByteUs !== undefined);
    assert.deepEqual([stage.usage?.outputTokens, stage.usage?.estimated], [4, undefined]);
  });
});

describe('@aws-sdk/client-polly', () => {
  const speak = async () => {
    const client = new polly.PollyClient(options());
    return client.send(
      new polly.SynthesizeSpeechCommand({
        Engine: 'neural',
        OutputFormat: 'pcm',
        SampleRate: '8000',
        Text: '<speak>Of course.</speak>',
        TextType: 'ssml',
        VoiceId: 'Joanna',
      }),
    );
  };

  it('speaks: first audio, characters as billed, seconds', async () => {
    const stage = await stageOf('tts', async () => (await speak()).AudioStream?.transformToByteArray());
    assert.deepEqual([stage.provider, stage.model], ['aws.polly', 'neural']);
    assert.deepEqual(stage.usage, { characters: POLLY_CHARACTERS, audioSeconds: POLLY_SECONDS });
    assert.ok(stage.firstByteUs !== undefined && stage.firstByteUs < stage.endUs);
  });

  it('is cancelled where the application stops reading', async () => {
    const stage = await stageOf('tts', async () => read((await speak()).AudioStream as never, 1));
    assert.deepEqual([stage.cancelled, stage.errorType], [true, undefined]);
  });
});

describe('what AWS is paid', () => {
  it('is known to the last digit, by model and by engine', async () => {
    takeFacts();
    const call = new Call();
    await call.run(async () => {
      const converse = { modelId: NOVA, messages: [QUESTION] as never };
      await new bedrock.BedrockRuntimeClient(options()).send(new bedrock.ConverseCommand(converse));
      const { AudioStream } = await new polly.PollyClient(options()).send(
        new polly.SynthesizeSpeechCommand({
          Engine: 'neural',
          OutputFormat: 'pcm',
          Text: 'Of course.',
          VoiceId: 'Joanna',
        }),
      );
      await AudioStream?.transformToByteArray();
    });
    call.end();
    const { cost_llm, cost_tts, unpriced } = finalizeCall(takeFacts(), catalogue()).metrics;
    // 9 tokens of 12 at 0.06, the 3 that were cached at 0.015, and 4 at 0.24 a million.
    assert.equal(cost_llm?.times(1e6).toString(), '1.545');
    assert.equal(cost_tts?.times(1e6).toString(), `${POLLY_CHARACTERS * 16}`);
    assert.deepEqual(
      (unpriced ?? []).filter((name) => /^(?:llm|tts):/.test(name)),
      [],
    );
  });
});

describe('@aws-sdk/client-transcribe-streaming', () => {
  it('listens: the turn, when the user spoke, the audio', async () => {
    takeFacts();
    const call = new Call();
    let said = { startUs: 0, lateUs: 0 };
    const frames: Uint8Array[] = [];
    let wake = (): void => {};
    let over = false;
    const push = (frame: Uint8Array): void => {
      frames.push(new Uint8Array(mulawToLinear(frame).buffer));
      wake();
    };
    async function* audio() {
      for (;;) {
        for (let frame = frames.shift(); frame; frame = frames.shift())
          yield { AudioEvent: { AudioChunk: frame } };
        if (over) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    await call.run(async () => {
      const sending = new transcribe.TranscribeStreamingClient(options()).send(
        new transcribe.StartStreamTranscriptionCommand({
          LanguageCode: 'en-US',
          MediaEncoding: 'pcm',
          MediaSampleRateHertz: 8_000,
          AudioStream: audio(),
        }),
      );
      const read = (async () => {
        for await (const _ of (await sending).TranscriptResultStream ?? []);
      })();
      said = await talk(push, SPOKEN.mulaw);
      await talk(push, silence(0.6));
      await poll(() => call.turn?.userText);
      over = true;
      wake();
      await read;
    });
    call.end();
    const facts = takeFacts();
    const [turn, ...others] = turnsOf(facts);
    assert.deepEqual(others, []);
    assert.ok(turn?.speechEndedUs && turn.committedUs);
    const endUs = said.startUs + (SPOKEN.words.at(-1)?.end ?? 0) * 1e6;
    assert.ok(Math.abs(turn.speechEndedUs - endUs) < 20_000 + said.lateUs);
    assert.equal(turn.eouSource, 'stt_word_end');
    const stt = stagesOf(facts, 'stt');
    assert.equal(stt[0]?.provider, 'aws.transcribe');
    assert.equal(audioSecondsOf(stt), SPOKEN.mulaw.length / 8_000 + 0.6);
    assert.deepEqual([...new Set(stt.map(({ errorType }) => errorType))], [undefined]);
  });
});

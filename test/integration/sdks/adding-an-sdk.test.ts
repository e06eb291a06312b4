import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { Call } from '../../../instrumentation/call/call.ts';
import type { SdkInstrumentation } from '../../../instrumentation/sdks/kit/sdk.ts';
import { stagesOf } from '../../support/facts.ts';
import { packageRoot } from '../../support/root.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

/** The SDK of the example. */
class AcmeSpeech {
  async speak({ text }: { voice: string; text: string }): Promise<ReadableStream<Uint8Array>> {
    if (text === '') throw new RangeError('Nothing to say');
    return ReadableStream.from([new Uint8Array(16_000), new Uint8Array(16_000)]);
  }
}

const EXAMPLE = join(packageRoot, 'examples/own-sdk/acme-speech.js');

before(async () => {
  recordSpans();
  const { acmeSpeech } = (await import(EXAMPLE)) as { acmeSpeech: SdkInstrumentation };
  acmeSpeech.patch({ AcmeSpeech });
  acmeSpeech.patch({ AcmeSpeech });
});

const speak = async (text: string, read: (audio: ReadableStream<Uint8Array>) => Promise<unknown>) => {
  takeFacts();
  const call = new Call();
  await call.run(async () => read(await new AcmeSpeech().speak({ voice: 'nora', text }))).catch(() => {});
  call.end();
  const stages = stagesOf(takeFacts(), 'tts');
  assert.equal(stages.length, 1);
  return stages[0];
};

describe('the worked example of docs/adding-an-sdk.md', () => {
  it('is the code that is tested here', () => {
    const page = readFileSync(join(packageRoot, 'docs/adding-an-sdk.md'), 'utf8');
    assert.ok(page.includes(`\`\`\`js\n${readFileSync(EXAMPLE, 'utf8')}\`\`\``));
  });

  it('gives a stage with its first byte, characters and seconds', async () => {
    const stage = await speak('Hello there.', async (audio) => {
      for await (const _ of audio);
    });
    assert.equal(stage?.provider, 'acme');
    assert.equal(stage.model, 'nora');
    assert.equal(stage.turnIndex, 0);
    assert.deepEqual(stage.usage, { characters: 12, audioSeconds: 1 });
    assert.ok(stage.firstByteUs);
  });

  it('is cancelled by a barge-in', async () => {
    const stage = await speak('Hello there.', async (audio) => {
      for await (const _ of audio) break;
    });
    assert.equal(stage?.cancelled, true);
    assert.deepEqual(stage.usage, { characters: 12, audioSeconds: 0.5 });
  });

  it('fails with the class of the error', async () => {
    const stage = await speak('', async () => {});
    assert.equal(stage?.errorType, 'RangeError');
  });
});

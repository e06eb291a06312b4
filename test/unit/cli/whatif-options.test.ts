import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../cli/command.ts';
import { bullet, showChange, showInterval, showShare } from '../../../cli/render/estimates.ts';
import { readLatencies, readWish } from '../../../cli/whatif/options.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const refuses = (work: () => unknown, message: RegExp): void =>
  assert.throws(work, (error) => error instanceof UsageError && message.test(error.message));

test('what is to be different has to be said', () => {
  assert.deepEqual(readWish({ llm: 'openai/gpt-4.1-mini', endpointing: '220ms' }), {
    llm: { provider: 'openai', model: 'gpt-4.1-mini' },
    endpointing: 0.22,
  });
  refuses(() => readWish({}), /saw nothing that is to be different/);
  refuses(() => readWish({ 'endpointing-now': '300ms' }), /saw nothing that is to be different/);
  refuses(() => readWish({ llm: 'gpt-4.1-mini' }), /saw gpt-4.1-mini, expected a provider and a model/);
  refuses(() => readWish({ endpointing: 'fast' }), /--endpointing: saw fast, expected a duration/);
  refuses(() => readWish({ endpointing: '220' }), /--endpointing: saw 220, expected a duration with a unit/);
  refuses(() => readWish({ endpointing: '2m' }), /expected a duration .*, of at most a minute/);
});

test('latencies of a file are seconds, of the one model that changes, or of each by its name', async (t) => {
  const file = join(await temporaryFolder(t), 'latency.json');
  const llm = { provider: 'openai', model: 'gpt-4.1-mini' };
  const tts = { provider: 'cartesia', model: 'sonic-2' };
  const read = async (content: unknown, wish = {}) => {
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return () => readLatencies({ latency: file }, wish);
  };
  const list = [0.2, { seconds: 0.4, inputTokens: 900 }];
  const known = { llm: [{ seconds: 0.2 }, { seconds: 0.4, inputTokens: 900 }] };
  assert.deepEqual((await read(list, { llm }))(), known);
  assert.deepEqual((await read({ llm: list }, { llm, tts }))(), known);
  assert.deepEqual(readLatencies({}, { llm }), {});
  refuses(await read(list, { llm, tts }), /is one list, expected an object with "llm" and "tts"/);
  refuses(await read(list, {}), /without --llm or --tts/);
  refuses(await read([0.2, 'fast'], { llm }), /saw "fast", expected seconds/);
  refuses(await read([-1], { llm }), /saw -1, expected seconds/);
  refuses(
    await read({ tts: [0.1] }, { llm }),
    /has no latencies, expected a list, or an object with one under "llm"/,
  );
  refuses(await read('no', { llm }), /is not JSON/);
  refuses(() => readLatencies({ latency: `${file}.none` }, { llm }), /cannot read .* \(ENOENT\)/);
  refuses(() => readLatencies({ latency: '/dev/zero' }, { llm }), /cannot read .* \(it is no regular file\)/);
  await truncate(file, 17 * 2 ** 20);
  refuses(() => readLatencies({ latency: file }, { llm }), /cannot read .* \(it is larger than 16 MiB\)/);
});

test('changes have signs, and 0 has none', () => {
  assert.equal(showChange(-0.1324), '−132 ms');
  assert.equal(showChange(0.02), '+20 ms');
  assert.equal(showShare(0.0142, true), '+1.4 %');
  assert.equal(showShare(-0.00001, true), '0.0 %');
  assert.equal(
    showInterval({ value: 0, low: 0.77, high: 0.8 }, (seconds) => `${seconds * 1_000} ms`),
    '770 … 800 ms',
  );
  assert.equal(showInterval({ value: 0, low: Number.NaN, high: 1 }, String), '–');
  assert.equal(bullet('one two three', 9), '- one two\n  three');
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeAlaw, encodeMulaw } from '../../../demo/audio.ts';
import { readSound } from '../../../recordings/read-sound.ts';
import { SoundError } from '../../../recordings/sound-error.ts';
import { fileOf, scene, soundOf } from '../../support/acoustics.ts';

interface Wav {
  code?: number;
  bits?: number;
  channels?: number;
  rate?: number;
  data?: Buffer;
  /** What the head says of the length of its samples. (Default: what they have.) */
  claimed?: number;
  /** Chunks before the format. */
  before?: Buffer;
}

const chunk = (name: string, body: Buffer, claimed = body.length): Buffer => {
  const head = Buffer.alloc(8);
  head.write(name, 0, 'latin1');
  head.writeUInt32LE(claimed, 4);
  return Buffer.concat([head, body]);
};

function wav({
  code = 1,
  bits = 16,
  channels = 2,
  rate = 8_000,
  data = Buffer.alloc(64),
  claimed,
  before,
}: Wav) {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(code, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(rate, 4);
  format.writeUInt16LE(bits, 14);
  const body = [before ?? Buffer.alloc(0), chunk('fmt ', format), chunk('data', data, claimed)];
  return Buffer.concat([chunk('RIFF', Buffer.from('WAVE', 'latin1'), 0), ...body]);
}

/** Reads a file. Gives its samples as one list a side. */
async function read(bytes: Buffer) {
  const file = fileOf(bytes);
  const sides: [number[], number[]] = [[], []];
  let rate = 0;
  const sound = await readSound(file, (samples) => {
    rate = samples;
    return (left, right) => {
      sides[0].push(...left);
      sides[1].push(...right);
    };
  });
  assert.ok(file.most <= 1 << 18, `${file.most} bytes at once`);
  return { ...sound, rate, left: sides[0], right: sides[1] };
}

describe('a recording is read', () => {
  const WAVE = Array.from({ length: 4_000 }, (_, index) => Math.round(12_000 * Math.sin(index / 9)));
  const CODINGS: readonly (readonly [
    name: string,
    code: number,
    bits: number,
    write: (sample: number) => Buffer,
  ])[] = [
    ['8 bits', 1, 8, (sample) => Buffer.of(Math.round(sample / 256) + 128)],
    ['16 bits', 1, 16, (sample) => Buffer.from(Int16Array.of(sample).buffer)],
    ['24 bits', 1, 24, (sample) => Buffer.from(Int32Array.of(sample * 256).buffer).subarray(0, 3)],
    ['32 bits', 1, 32, (sample) => Buffer.from(Int32Array.of(sample * 65_536).buffer)],
    ['floating point', 3, 32, (sample) => Buffer.from(Float32Array.of(sample / 32_768).buffer)],
    ['double floating point', 3, 64, (sample) => Buffer.from(Float64Array.of(sample / 32_768).buffer)],
    ['A-law', 6, 8, (sample) => Buffer.of(encodeAlaw(sample))],
    ['mu-law', 7, 8, (sample) => Buffer.of(encodeMulaw(sample))],
  ];
  for (const [name, code, bits, write] of CODINGS)
    test(`in ${name}, left and right`, async () => {
      const data = Buffer.concat(WAVE.flatMap((sample) => [write(sample), write(-sample)]));
      const { format, rate, left, right } = await read(
        wav({ code, bits, data, before: chunk('LIST', Buffer.alloc(8), 7) }),
      );
      assert.deepEqual([format, rate, left.length, right.length], ['wav', 8_000, WAVE.length, WAVE.length]);
      const most = Math.max(
        ...WAVE.map((sample, index) =>
          Math.max(
            Math.abs((left[index] ?? 9) * 32_768 - sample),
            Math.abs((right[index] ?? 9) * 32_768 + sample),
          ),
        ),
      );
      assert.ok(most < 520, `${most} off`);
    });

  test('as far as it is there, whatever its head says', async () => {
    const data = Buffer.alloc(4_000);
    const lengths = await Promise.all(
      [0, 0xffffffff, 4_000, 2_000, 400_000].map(async (claimed) => {
        const { left, missingSeconds } = await read(wav({ data, claimed }));
        return [left.length, missingSeconds];
      }),
    );
    assert.deepEqual(lengths, [
      [1_000, undefined],
      [1_000, undefined],
      [1_000, undefined],
      [500, undefined],
      [1_000, 12.375],
    ]);
  });

  test('in Ogg Opus, and one that is cut off as far as it goes', async () => {
    const bytes = soundOf(scene('journal'));
    const whole = await read(bytes);
    assert.deepEqual([whole.format, whole.rate], ['ogg', 8_000]);
    assert.ok(Math.abs(whole.left.length / 8_000 - scene('journal').seconds) < 0.05);
    const half = await read(bytes.subarray(0, bytes.length / 2));
    assert.ok(half.left.length > 0 && half.left.length < whole.left.length);
  });
});

describe('a file that is no recording is refused in words', () => {
  const endless = Buffer.concat(Array.from({ length: 1_000 }, () => chunk('junk', Buffer.alloc(2))));
  const opus = (change: (bytes: Buffer) => void): Buffer => {
    const copy = Buffer.from(soundOf(scene('street')));
    change(copy);
    return copy;
  };
  const FILES: readonly (readonly [name: string, bytes: Buffer, says: RegExp])[] = [
    ['nothing', Buffer.alloc(0), /it is empty/],
    ['text', Buffer.from('not a recording'), /neither WAV nor Ogg Opus/],
    ['MP3', Buffer.from('ID3\u0004\0\0\0\0\0\0\0\0\0', 'latin1'), /neither WAV nor Ogg Opus/],
    ['mono', wav({ channels: 1 }), /it is mono: .*dual-channel/],
    ['six sides', wav({ channels: 6 }), /it has 6 channels/],
    ['no sides', wav({ channels: 0 }), /it has 0 channels/],
    ['another format', wav({ code: 85 }), /format 85 with 16 bits/],
    ['no rate', wav({ rate: 0 }), /0 samples a second/],
    ['an absurd rate', wav({ rate: 4e9 }), /4000000000 samples a second/],
    ['no samples', wav({ data: Buffer.alloc(0) }), /it has no samples/],
    ['half a sample', wav({ data: Buffer.alloc(3) }), /it has no samples/],
    ['chunks without an end', wav({ before: endless }), /has no samples/],
    [
      'a chunk that is longer than the file',
      wav({ before: chunk('LIST', Buffer.alloc(2), 0xfffffff0) }),
      /has no samples/,
    ],
    ['a head that ends', wav({}).subarray(0, 24), /head is cut off|has no samples/],
    ['Ogg without Opus', Buffer.concat([Buffer.from('OggS'), Buffer.alloc(400)]), /does not hold Opus/],
    ['Ogg in mono', opus((bytes) => bytes.writeUInt8(1, bytes.indexOf('OpusHead') + 9)), /it is mono/],
    [
      'Ogg that says that it plays for years',
      opus((bytes) => bytes.writeBigInt64LE(2n ** 60n, bytes.lastIndexOf('OggS') + 6)),
      /longer than 12 hours/,
    ],
  ];
  for (const [name, bytes, says] of FILES)
    test(name, async () => {
      await assert.rejects(read(bytes), (error) => error instanceof SoundError && says.test(error.message));
    });

  test('days of sound, of which nothing is read', async () => {
    const head = wav({ data: Buffer.alloc(0), claimed: 0 });
    let most = 0;
    const huge = {
      ...fileOf(head),
      bytes: 16_000 * 2 * 86_400 * 2,
      read: async (position: number, length: number) => {
        most = Math.max(most, position + length);
        return head.subarray(position, position + length);
      },
    };
    await assert.rejects(
      readSound(huge, () => () => assert.fail()),
      /longer than 12 hours/,
    );
    assert.ok(most < 200);
  });

  test('bytes that were changed at random never break the reader', async () => {
    let state = 7;
    const next = (below: number) => {
      state = (state * 16_807) % 2_147_483_647;
      return state % below;
    };
    for (const name of ['street', 'plain'])
      for (let round = 0; round < 8; round++) {
        const bytes = Buffer.from(soundOf(scene(name)).subarray(0, 12_000));
        for (let change = 0; change < 10; change++) bytes[next(round < 6 ? 200 : bytes.length)] = next(256);
        await read(bytes).catch((error: unknown) => assert.ok(error instanceof SoundError, String(error)));
      }
  });
});

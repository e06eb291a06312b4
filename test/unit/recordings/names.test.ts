import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { callFolder, recordingName, recordingNamed, recordingStart } from '../../../recordings/names.ts';
import { LOUDNESS, samplesIn, WAV_HEADER_BYTES, wavHeader } from '../../../recordings/wav.ts';
import { rangeOf } from '../../../ui/server/range.ts';
import { loudestIn } from '../../../ui/shared/peaks.ts';

test('whatever a call calls itself, its folder is two names of hexadecimal digits below the folder of its tenant', () => {
  for (const id of ['CA1', '../../etc/passwd', '/etc/passwd', 'a\0b', '', '.', 'x'.repeat(9_000), 'ü/\\..'])
    assert.match(callFolder('/r', id).replaceAll('\\', '/'), /^\/r\/([0-9a-f]{2})\/\1[0-9a-f]{38}$/);
  assert.notEqual(callFolder('/r', 'CA1'), callFolder('/r', 'ca1'));
  assert.equal(callFolder('/r', 'CA1', 'acme'), callFolder(join('/r', '@acme'), 'CA1'));
});

test('only names of recordings are recordings', () => {
  assert.equal(recordingStart(recordingName(1_700_000_000_000_001)), 1_700_000_000_000_001);
  assert.deepEqual(recordingNamed(recordingName(5, 'ogg')), { startUs: 5, format: 'ogg' });
  for (const name of [
    '1.wav.peaks',
    '1.mp3',
    '1.ogg.part',
    '../1.wav',
    '-1.wav',
    '1.wav ',
    'call.json',
    `${'9'.repeat(18)}.wav`,
  ])
    assert.equal(recordingStart(name), undefined, name);
});

test('the head of a file says how long it is, and its size says it, too', () => {
  const header = wavHeader(8_000);
  assert.equal(header.length, WAV_HEADER_BYTES);
  assert.equal(header.readUInt32LE(4), WAV_HEADER_BYTES - 8 + 16_000);
  assert.deepEqual(
    [header.readUInt16LE(20), header.readUInt16LE(22), header.readUInt32LE(24)],
    [7, 2, 8_000],
  );
  assert.equal(header.readUInt32LE(54), 16_000);
  assert.deepEqual([0, 57, 58, 59, 60, 61].map(samplesIn), [0, 0, 0, 0, 1, 1]);
});

test('loudness goes from silence to the loudest', () => {
  assert.deepEqual([LOUDNESS[0xff], LOUDNESS[0x7f], LOUDNESS[0x80], LOUDNESS[0x00]], [0, 0, 250, 250]);
});

test('the loudest of a stretch, and nothing beside the recording', () => {
  const peaks = Uint8Array.from([0, 255, 64, 0, 255, 0]);
  assert.equal(loudestIn(peaks, 1, 0, 0.02), 1);
  assert.equal(loudestIn(peaks, 0, 0.02, 0.04), Math.sqrt(64 / 255));
  assert.equal(loudestIn(peaks, 0, 0, 10), 1);
  assert.equal(loudestIn(peaks, 0, -1, -0.5), 0);
  assert.equal(loudestIn(peaks, 0, 1, 2), 0);
});

test('a range is what it asks for and the file has', () => {
  assert.equal(rangeOf(undefined, 100), undefined);
  for (const [header, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=10-', 10, 99],
    ['bytes=10-500', 10, 99],
    ['bytes=-10', 90, 99],
    ['bytes=-500', 0, 99],
  ] as const)
    assert.deepEqual(rangeOf(header, 100), { first, last }, header);
  for (const header of ['bytes=100-', 'bytes=100-200', 'bytes=-0'])
    assert.equal(rangeOf(header, 100), 'none', header);
  for (const header of ['bytes=5-4', 'bytes=0-1,5-6', 'bytes=-', 'bytes=a-b', 'items=0-1', ''])
    assert.equal(rangeOf(header, 100), undefined, header);
});

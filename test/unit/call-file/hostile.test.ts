import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LIMITS } from '../../../exporter/call-file/call-file.ts';
import { readCallFile, writeCallFile } from '../../../exporter/call-file/index.ts';
import { CallFileReader } from '../../../exporter/call-file/lines.ts';
import { callPath } from '../../../recordings/names.ts';
import { listRecordings } from '../../../recordings/recordings.ts';
import { Folder } from '../../../storage/folder.ts';
import { linesWithEnd, shortCall } from '../../support/call-files.ts';
import { REFERENCE_US } from '../../support/call-rows.ts';
import { writeRecording } from '../../support/recordings/write.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const CALL = shortCall();
const LINES = linesWithEnd(CALL);
const ofKind = (kind: string) => LINES.findIndex((line) => line.startsWith(`{"${kind}":`));

/** Takes the lines of a file, one of them changed. */
function reading(change: (lines: string[]) => string[]): () => void {
  return () => {
    const reader = new CallFileReader();
    for (const line of change([...LINES])) reader.line(line);
    reader.finish();
  };
}
const changing = (kind: string, change: (value: Record<string, unknown>) => void) =>
  reading((lines) => {
    const at = ofKind(kind);
    const line = JSON.parse(lines[at] ?? '');
    change(line[kind]);
    return lines.with(at, JSON.stringify(line));
  });

describe('lines that no call file has', () => {
  const refused: readonly (readonly [what: string, run: () => void, says: RegExp])[] = [
    ['nothing at all', reading(() => []), /cut off/],
    ['no last line', reading((lines) => lines.slice(0, -1)), /cut off: its last line is missing/],
    ['a line behind the last', reading((lines) => [...lines, LINES[1] ?? '']), /that no call file has there/],
    ['no header', reading((lines) => lines.slice(1)), /does not begin with the header/],
    ['two headers', reading((lines) => [LINES[0] ?? '', ...lines]), /out of place/],
    ['another order', reading((lines) => lines.toReversed()), /does not begin with the header/],
    ['what is not JSON', reading((lines) => lines.with(1, '<html>')), /not JSON/],
    ['an empty line', reading((lines) => lines.with(1, '')), /not JSON/],
    [
      'a line of two kinds',
      reading((lines) => lines.with(1, '{"call":{},"span":{}}')),
      /that no call file has/,
    ],
    ['a prototype', reading((lines) => lines.with(1, '{"__proto__":{}}')), /that no call file has/],
    [
      'a later version',
      changing('earshot', (header) => Object.assign(header, { version: 2 })),
      /version 2 .* reads version 1/,
    ],
    [
      'fewer spans than it says',
      changing('earshot', (header) => Object.assign(header, { spans: 9 })),
      /says 9 spans, and it has 3/,
    ],
    [
      'more spans than it says',
      changing('earshot', (header) => Object.assign(header, { spans: 1 })),
      /more spans than its header says/,
    ],
    [
      'very many spans',
      changing('earshot', (header) => Object.assign(header, { spans: 1e9 })),
      /no number of spans from 0 to 100000/,
    ],
    [
      'a number of spans that is none',
      changing('earshot', (header) => Object.assign(header, { spans: -1 })),
      /no number of spans/,
    ],
    [
      'very much sound',
      changing('earshot', (header) =>
        Object.assign(header, { sounds: [{ start_us: 1, format: 'wav', bytes: 2 ** 40 }] }),
      ),
      /bytes of sound/,
    ],
    [
      'sound with the name of a path',
      changing('earshot', (header) =>
        Object.assign(header, { sounds: [{ start_us: 1, format: '../../x', bytes: 1 }] }),
      ),
      /recording that cannot be read/,
    ],
    [
      'sound that it does not say',
      reading((lines) => lines.toSpliced(-1, 0, '{"sound":"AAAA"}')),
      /more sound than its header says/,
    ],
    [
      'sound that does not come',
      changing('earshot', (header) =>
        Object.assign(header, { sounds: [{ start_us: 1, format: 'wav', bytes: 100 }] }),
      ),
      /says 100 bytes of sound, and it has 0/,
    ],
    [
      'a span of another type',
      changing('span', (span) => Object.assign(span, { type: 'constructor' })),
      /no known type/,
    ],
    [
      'a span without its start',
      changing('span', (span) => Object.assign(span, { startUs: undefined })),
      /has no startUs/,
    ],
    [
      'a span whose start is text',
      changing('span', (span) => Object.assign(span, { startUs: '1' })),
      /startUs: expected a number/,
    ],
    [
      'a span of the year 56000',
      changing('span', (span) => Object.assign(span, { endUs: 1.7e18 })),
      /figure that cannot be/,
    ],
    [
      'a span with a name that is an object',
      changing('span', (span) => Object.assign(span, { name: {} })),
      /name: expected text/,
    ],
    [
      'a tenant with a slash',
      changing('span', (span) => Object.assign(span, { tenant: '../etc' })),
      /tenant that is no name/,
    ],
    [
      'tags that are none',
      changing('span', (span) => Object.assign(span, { tags: { 'a b': 1 } })),
      /expected tags/,
    ],
    [
      'money that is text',
      changing('call', (row) => Object.assign(row, { cost_total: '1e999999999' })),
      /cost_total is not of type numeric/,
    ],
    [
      'an instant that is none',
      changing('call', (row) => Object.assign(row, { started_at: '2026-13-01T00:00:00.000000Z' })),
      /started_at is not of type/,
    ],
    [
      'a word that a column cannot be',
      changing('call', (row) => Object.assign(row, { outcome: 'GREAT' })),
      /outcome is not of type/,
    ],
    [
      'a row without its id',
      changing('call', (row) => Object.assign(row, { call_id: null })),
      /call_id is not of type/,
    ],
    [
      'a turn of another call',
      changing('turn', (row) => Object.assign(row, { call_id: 'CA-other' })),
      /turn of another call/,
    ],
    [
      'a score of another call',
      changing('score', (row) => Object.assign(row, { tenant: 'globex' })),
      /score of another call/,
    ],
    [
      'a score whose name moves the cursor',
      changing('score', (row) => Object.assign(row, { name: 'a\u001b[2J' })),
      /row of a score: name: expected 1 to 64 letters/,
    ],
    [
      'a score that is neither a number nor a word',
      changing('score', (row) => Object.assign(row, { value: null })),
      /row of a score: value: expected a number .*, or a word/,
    ],
    [
      'a span with a score beyond all scales',
      changing('span', (span) => Object.assign(span, { scores: [{ name: 'a', value: 1e300, atUs: 2e15 }] })),
      /a score that is none/,
    ],
    [
      'turns out of order',
      changing('turn', (row) => Object.assign(row, { turn_index: 5 })),
      /turns are not in order/,
    ],
  ];
  const figures: readonly (readonly [
    kind: 'call' | 'turn',
    column: string,
    value: unknown,
    expected: string,
  ])[] = [
    ['call', 'cost_total', '-99999999999999999999', 'a number from 0 to 1000000000'],
    ['call', 'duration_seconds', 1e308, 'a number from 0 to 31622400'],
    ['call', 'turn_count', -5, 'a number from 0 to 1000000000'],
    ['call', 'talk_ratio', 55, 'a number from 0 to 1'],
    ['call', 'sentiment_avg', -2, 'a number from -1 to 1'],
    ['call', 'started_at', '1970-01-01T00:00:00.000000Z', 'an instant from 2000 to 2100'],
    ['turn', 'eou_latency', -1, 'a number from 0 to 31622400'],
    ['turn', 'eou_probability', 9e15, 'a number from 0 to 1'],
    ['turn', 'llm_input_tokens', 9e15, 'a number from 0 to 1000000000000'],
  ];
  for (const [kind, column, value, expected] of figures)
    test(`${column} of ${value}`, () =>
      assert.throws(
        changing(kind, (row) => Object.assign(row, { [column]: value })),
        { message: `the row of a ${kind}: ${column}: saw ${value}, expected ${expected}` },
      ));
  for (const [what, run, says] of refused)
    test(what, () =>
      assert.throws(run, (error: Error) => error.name === 'CallFileError' && says.test(error.message)),
    );

  test('what the lines are changed from is read', () => assert.doesNotThrow(reading((lines) => lines)));
});

describe('a file that is larger than it looks', () => {
  test('is refused at its first long line, however much would follow', async (t) => {
    const path = join(await temporaryFolder(t), 'bomb.earshot');
    await writeFile(path, gzipSync(Buffer.alloc(16 * LIMITS.line)));
    assert.ok((await stat(path)).size < 64_000);
    await assert.rejects(readCallFile(path), /a line is longer than 1048576 bytes/);
    const behind = Buffer.concat([gzipSync(`${LINES[0]}\n`), gzipSync(Buffer.alloc(16 * LIMITS.line))]);
    await writeFile(path, behind);
    await assert.rejects(readCallFile(path), /a line is longer/);
  });

  test('holds no more text than a call can have', () => {
    const reader = new CallFileReader();
    const [header = '', call = ''] = LINES;
    reader.line(JSON.stringify({ earshot: { ...JSON.parse(header).earshot, turns: 0, spans: 100_000 } }));
    reader.line(call);
    const span = JSON.parse(LINES[ofKind('span')] ?? '').span;
    const long = { span: { ...span, requestIds: Array.from({ length: 15 }, () => 'x'.repeat(65_536)) } };
    const line = JSON.stringify(long);
    let taken = 0;
    assert.throws(() => {
      for (; taken < 100_000; taken += 1) reader.line(line);
    }, /more than 33554432 bytes beside sound/);
    assert.ok(taken * line.length <= LIMITS.text, `${taken}`);
  });

  test('is refused where it nests deeper than anything has to', () => {
    for (const value of ['[', '{"a":'].map((open) => open.repeat(100_000)))
      assert.throws(
        reading((lines) => lines.with(-2, `{"span":${value}`)),
        /CallFileError/,
      );
    const closed = `{"span":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    assert.throws(
      reading((lines) => lines.with(-2, closed)),
      /CallFileError/,
    );
  });
});

describe('a file', () => {
  test('is written whole, for its user alone, and read again with its sound', async (t) => {
    const folder = await temporaryFolder(t);
    const recorded = await writeRecording({ folder, callId: 'CA-file', startUs: REFERENCE_US });
    const path = join(folder, 'x.earshot');
    const place = new Folder(folder);
    const recordings = await listRecordings(place, callPath('CA-file'));
    const bytes = await writeCallFile(path, CALL, { sound: { place, recordings } });
    const { size, mode } = await stat(path);
    assert.deepEqual([size, mode & 0o777], [bytes, 0o600]);
    const parts: Buffer[] = [];
    const read = await readCallFile(path, async (part) => void parts.push(part.bytes));
    assert.ok(Buffer.concat(parts).equals(recorded.bytes));
    assert.deepEqual(read, {
      ...CALL,
      sounds: [{ startUs: REFERENCE_US, format: 'wav', bytes: recorded.bytes.length }],
    });
    await assert.rejects(writeCallFile(path, CALL), /x\.earshot is there already/);
    await writeCallFile(path, CALL, { replace: true });
    assert.deepEqual((await readCallFile(path)).sounds, []);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('part')),
      [],
    );
  });

  test('does not go through a link to another one', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'precious'), 'precious');
    await symlink(join(folder, 'precious'), join(folder, 'x.earshot'));
    await assert.rejects(writeCallFile(join(folder, 'x.earshot'), CALL), /there already/);
    await writeCallFile(join(folder, 'x.earshot'), CALL, { replace: true });
    assert.equal(await readFile(join(folder, 'precious'), 'utf8'), 'precious');
  });

  test('does not take the place of what is no file', async (t) => {
    const path = join(await temporaryFolder(t), 'x.earshot');
    const server = createServer().listen(path);
    t.after(() => server.close());
    await once(server, 'listening');
    await assert.rejects(writeCallFile(path, CALL, { replace: true }), /x\.earshot is there, and is no file/);
    assert.ok((await stat(path)).isSocket());
  });

  test('that is no call file, cut off or changed is refused', async (t) => {
    const folder = await temporaryFolder(t);
    const path = join(folder, 'x.earshot');
    await writeCallFile(path, CALL);
    const good = await readFile(path);
    const lines = gunzipSync(good).toString();
    const other = async (bytes: Buffer | string) => {
      await writeFile(path, bytes);
      return readCallFile(path);
    };
    await assert.rejects(other('not a file of ours'), /no call file, or it is damaged/);
    await assert.rejects(other(Buffer.alloc(0)), /CallFileError/);
    await assert.rejects(other(good.subarray(0, good.length - 9)), /damaged or cut off/);
    await assert.rejects(other(gzipSync(lines.replace('CA-file', 'CA-fila'))), /another call|checksum/);
    await assert.rejects(
      other(gzipSync(lines.replace('voice.turn', 'voice.torn'))),
      /changed or damaged: its checksum/,
    );
    await assert.rejects(other(gzipSync(lines.slice(0, -1))), /middle of a line/);
    await assert.rejects(other(gzipSync(Buffer.from([0xff, 0xfe, 0x0a]))), /not UTF-8/);
    for (let at = 0; at < good.length; at += 97) {
      const flipped = Buffer.from(good);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      await other(flipped).then(
        (read) => assert.deepEqual(read, CALL),
        (error: Error) => assert.equal(error.name, 'CallFileError', String(error.stack)),
      );
    }
    await assert.rejects(readCallFile(join(folder, 'none')), /cannot be read \(ENOENT\)/);
    await mkdir(join(folder, 'dir'));
    await assert.rejects(readCallFile(join(folder, 'dir')), /no file|cannot be read/);
    // It could be read without an end.
    await assert.rejects(readCallFile('/dev/zero'), /it is no file/);
  });
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { openPlace } from '../../../storage/open-place.ts';
import { type Place, readAll, readText } from '../../../storage/place.ts';
import { startMoto, withoutMoto } from '../../support/moto.ts';
import { startS3 } from '../../support/simulators/s3.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A little more than two parts of an upload. */
const LONG = 17 << 20;

async function bucketOf(env: Readonly<Record<string, string>>, bucket: string): Promise<Place> {
  Object.assign(process.env, env);
  return openPlace(`s3://${bucket}/some/where/`);
}

const PLACES: readonly { name: string; skip?: string | false; open: (t: TestContext) => Promise<Place> }[] = [
  { name: 'a folder', open: async (t) => openPlace(join(await temporaryFolder(t), 'new')) },
  {
    name: 'a bucket',
    open: async (t) => {
      const { env, bucket } = await startS3(t);
      return bucketOf(env, bucket);
    },
  },
  {
    name: 'a bucket of moto',
    skip: withoutMoto,
    open: async (t) => bucketOf(await startMoto(t, 'of-tests'), 'of-tests'),
  },
];

async function* chunks(): AsyncGenerator<Buffer> {
  for (let done = 0; done < LONG; done += 1 << 18) yield Buffer.alloc(1 << 18, done >> 18);
}

const all = async (paths: AsyncIterable<string>): Promise<string[]> => {
  const found: string[] = [];
  for await (const path of paths) found.push(path);
  return found.sort();
};

for (const { name, skip = false, open } of PLACES)
  test(`${name} keeps files, lists them, gives parts of them, moves and removes them`, {
    skip,
  }, async (t) => {
    const place = await open(t);
    await place.probe();
    assert.deepEqual(await place.list('none'), []);
    for (const path of ['a/1', 'a/2', 'a/b/3', 'a/b/4', 'a.txt', 'ab/5']) await place.put(path, `of ${path}`);
    await place.put('a/1', 'once more');
    assert.deepEqual(await place.list('a'), ['1', '2', 'b']);
    assert.deepEqual(await place.list(''), ['a', 'a.txt', 'ab']);
    assert.deepEqual(await all(place.walk('a')), ['a/1', 'a/2', 'a/b/3', 'a/b/4']);
    assert.equal((await all(place.walk(''))).length, 6);
    assert.equal(await readText(place, 'a/1'), 'once more');
    assert.equal((await place.stat('a/1'))?.bytes, 9);
    assert.ok(Math.abs(Date.now() - ((await place.stat('a/1'))?.modifiedMs ?? 0)) < 3_600_000);
    for (const absent of ['a/9', 'a/b', 'a.txt/x']) {
      assert.equal(await place.stat(absent), undefined, absent);
      assert.equal(await place.open(absent), undefined, absent);
    }

    const file = await place.create('long/file');
    for await (const chunk of chunks()) await file.append(chunk);
    await file.close();
    const read = await place.open('long/file');
    assert.ok(read);
    assert.equal(read.bytes, LONG);
    assert.deepEqual([...(await read.read((5 << 18) - 1, 3))], [4, 5, 5]);
    assert.equal((await read.read(LONG - 2, 100)).length, 2);
    assert.equal((await read.read(LONG, 100)).length, 0);
    let bytes = 0;
    for await (const chunk of await read.stream(10, LONG - 1)) bytes += (chunk as Buffer).length;
    assert.equal(bytes, LONG - 10);
    await read.close();

    assert.equal(await place.putOnce('manifest', 'one'), true);
    assert.equal(await place.putOnce('manifest', 'two'), false);
    assert.equal(await readText(place, 'manifest'), 'one');
    await place.move('manifest', 'moved/here');
    assert.equal(await place.stat('manifest'), undefined);
    assert.equal(await readText(place, 'moved/here'), 'one');

    const local = join(await temporaryFolder(t), 'local');
    await writeFile(local, 'brought');
    await place.put('moved/there', 'replaced');
    await place.adopt(local, 'moved/there');
    assert.ok(!existsSync(local));
    assert.equal(await readText(place, 'moved/there'), 'brought');

    const given = await place.create('given/up');
    await given.append('no one sees this');
    await given.discard();
    assert.equal(await place.stat('given/up'), undefined);
    await place.remove('a');
    await place.remove('a.txt');
    await place.remove('none');
    assert.deepEqual(await all(place.walk('')), ['ab/5', 'long/file', 'moved/here', 'moved/there']);
  });

describe('a bucket', () => {
  test('gets a long file in parts, of which one is held, and nothing of one that is given up', async (t) => {
    const { env, bucket, partsOf, uploads } = await startS3(t);
    const place = await bucketOf(env, bucket);
    const file = await place.create('long');
    for await (const chunk of chunks()) await file.append(chunk);
    await file.close();
    assert.equal(partsOf.get('some/where/long'), 3);
    const other = await place.create('other');
    for await (const chunk of chunks()) await other.append(chunk);
    assert.equal(uploads.size, 1);
    await other.discard();
    assert.equal(uploads.size, 0);
    assert.equal(await readAll(place, 'other'), undefined);
  });

  test('knows its own file again when the answer to writing it once was lost', async (t) => {
    const { env, bucket, fail, requests } = await startS3(t);
    const place = await bucketOf(env, bucket);
    fail({ method: 'PUT', when: 'after' });
    assert.equal(await place.putOnce('manifest', 'mine'), true);
    assert.equal(requests.filter((request) => request.startsWith('PUT')).length, 2);
    assert.equal(await place.putOnce('manifest', 'of another'), false);
  });

  test('is asked again when it is busy', async (t) => {
    const { env, bucket, fail, partsOf } = await startS3(t);
    const place = await bucketOf(env, bucket);
    const file = await place.create('long');
    for (const method of ['PUT', 'PUT', 'POST']) fail({ method, when: 'before' });
    for await (const chunk of chunks()) await file.append(chunk);
    await file.close();
    assert.equal(partsOf.get('some/where/long'), 3);
  });

  test('that is not there, or may not be read, is an error with a class', async (t) => {
    const { env } = await startS3(t);
    await assert.rejects((await bucketOf(env, 'not-there')).probe(), { name: 'NoSuchBucket' });
    const place = await bucketOf({ ...env, AWS_ACCESS_KEY_ID: 'other' }, 'recordings-of-tests');
    await assert.rejects(place.probe(), { name: 'AccessDenied' });
    await assert.rejects(place.stat('x'), 'and not as if there were no such file');
  });
});

describe('a folder', () => {
  test('of which nothing can be made is an error, soon', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'file'), '');
    for (const path of [join(folder, 'file'), join(folder, 'file', 'below'), '/proc/x/y'])
      await assert.rejects(
        (await openPlace(path)).probe(),
        { code: /^(ENOTDIR|ENOENT|EACCES|EPERM)$/ },
        path,
      );
  });

  test('follows no link, and leaves no draft', async (t) => {
    const folder = await temporaryFolder(t);
    const place = await openPlace(folder, { isPrivate: true });
    await mkdir(join(folder, 'secret'));
    await writeFile(join(folder, 'secret', 'file'), 'x');
    await symlink(join(folder, 'secret', 'file'), join(folder, 'link'));
    assert.equal(await place.open('link'), undefined);
    assert.equal(await place.stat('link'), undefined);
    await place.put('file', 'x');
    await place.putOnce('once', 'x');
    await place.putOnce('once', 'y');
    assert.deepEqual((await readdir(folder)).sort(), ['file', 'link', 'once', 'secret']);
  });
});

test('what names neither a folder nor a bucket is refused', async () => {
  for (const [text, says] of [
    ['gs://bucket/x', /expected a folder or s3:/],
    ['https://ben:lo@ud@host/x', /: saw https:\/\/…@host\/x, expected a folder or s3:/],
    ['s3://', /expected a folder or s3:/],
    ['s3:/bucket/x', /expected a folder or s3:/],
    ['s3://UPPER/x', /expected a folder or s3:/],
    ['s3://bucket/a/../b', /without \., \.\./],
  ] as const)
    await assert.rejects(openPlace(text), says, text);
});

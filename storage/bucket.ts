import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { S3 } from '@aws-sdk/client-s3';
import { NewObject } from './new-object.ts';
import type { NewFile, OpenFile, Place } from './place.ts';
import { Turns } from './turns.ts';

/** Files of this machine that are sent at once: each holds a part. */
const SENT_AT_ONCE = 4;
/** Objects that are deleted at once. */
const DELETED_AT_ONCE = 8;
/** The store copies no longer object in one request. */
const MAX_COPIED_BYTES = 5 * 2 ** 30;

/** Where in S3, as in `s3://bucket/prefix`. */
export interface BucketAddress {
  readonly bucket: string;
  /** In front of every path, without a slash at its ends; maybe empty. */
  readonly prefix: string;
}

/** A bucket of S3, or of a store that speaks its protocol. An object appears at once, when all of it is there. */
export class S3Bucket implements Place {
  readonly name: string;
  readonly isRemote = true;
  readonly #s3: S3;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #sending = new Turns(SENT_AT_ONCE);
  readonly #deleting = new Turns(DELETED_AT_ONCE);

  constructor(s3: S3, { bucket, prefix }: BucketAddress) {
    this.name = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.#s3 = s3;
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
  }

  below(path: string): S3Bucket {
    return new S3Bucket(this.#s3, { bucket: this.#bucket, prefix: this.#prefix + path });
  }

  async probe(): Promise<void> {
    await this.#s3.listObjectsV2({ Bucket: this.#bucket, Prefix: this.#prefix, MaxKeys: 1 });
  }

  async list(path: string): Promise<string[]> {
    const prefix = this.#folder(path);
    const names: string[] = [];
    for await (const { Contents = [], CommonPrefixes = [] } of this.#pages(prefix, '/'))
      for (const key of [...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)])
        if (key !== undefined && key !== prefix) names.push(key.slice(prefix.length).replace(/\/$/, ''));
    return names.sort();
  }

  async *walk(path: string): AsyncGenerator<string> {
    for await (const { Contents = [] } of this.#pages(this.#folder(path)))
      for (const { Key } of Contents) if (Key !== undefined) yield Key.slice(this.#prefix.length);
  }

  async stat(path: string) {
    const head = await this.#s3.headObject(this.#at(path)).catch(undefinedWhere(404));
    return head && { bytes: head.ContentLength ?? 0, modifiedMs: head.LastModified?.getTime() ?? 0 };
  }

  async open(path: string): Promise<OpenFile | undefined> {
    const seen = await this.stat(path);
    if (seen === undefined) return undefined;
    const { bytes } = seen;
    const stream = async (first: number, last: number): Promise<Readable> => {
      if (last < first) return Readable.from([]);
      const { Body } = await this.#s3.getObject({ ...this.#at(path), Range: `bytes=${first}-${last}` });
      return Body as Readable;
    };
    return {
      bytes,
      read: async (position, length) => {
        const chunks: Buffer[] = [];
        const body = await stream(position, Math.min(bytes, position + length) - 1);
        for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
        return Buffer.concat(chunks);
      },
      stream,
      close: async () => {},
    };
  }

  async create(path: string): Promise<NewFile> {
    return new NewObject(this.#s3, this.#at(path));
  }

  async put(path: string, bytes: Uint8Array | string): Promise<void> {
    await this.#s3.putObject({ ...this.#at(path), Body: bytes });
  }

  async putOnce(path: string, bytes: string): Promise<boolean> {
    try {
      await this.#s3.putObject({ ...this.#at(path), Body: bytes, IfNoneMatch: '*' });
      return true;
    } catch (error) {
      if (![409, 412].includes(statusOf(error) ?? 0)) throw error;
      // It may be ours, written by a try whose answer was lost.
      const { Body } = await this.#s3.getObject(this.#at(path)).catch(() => ({ Body: undefined }));
      return (await Body?.transformToString()) === bytes;
    }
  }

  async adopt(file: string, path: string): Promise<void> {
    await this.#sending.take(async () => {
      const object = new NewObject(this.#s3, this.#at(path));
      try {
        for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) await object.append(chunk);
        await object.close();
      } catch (error) {
        await object.discard();
        throw error;
      }
    });
    await rm(file, { force: true });
  }

  /** @throws RangeError for an object that is too long to be copied. */
  async move(from: string, to: string): Promise<void> {
    const { bytes = 0 } = (await this.stat(from)) ?? {};
    if (bytes > MAX_COPIED_BYTES)
      throw new RangeError(`${from} has ${bytes} bytes, and a store moves no more than ${MAX_COPIED_BYTES}.`);
    const source = this.#at(from);
    const CopySource = [source.Bucket, ...source.Key.split('/')].map(encodeURIComponent).join('/');
    await this.#s3.copyObject({ ...this.#at(to), CopySource });
    await this.#s3.deleteObject(source);
  }

  async remove(path: string): Promise<void> {
    const paths = [path];
    for await (const below of this.walk(path)) paths.push(below);
    await Promise.all(
      paths.map((each) => this.#deleting.take(() => this.#s3.deleteObject(this.#at(each)).then(() => {}))),
    );
  }

  #at(path: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + path };
  }

  #folder(path: string): string {
    return this.#prefix + (path === '' ? '' : `${path}/`);
  }

  async *#pages(prefix: string, delimiter?: string) {
    let token: string | undefined;
    do {
      const page = await this.#s3.listObjectsV2({
        Bucket: this.#bucket,
        Prefix: prefix,
        ...(delimiter !== undefined && { Delimiter: delimiter }),
        ...(token !== undefined && { ContinuationToken: token }),
      });
      yield page;
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;

const undefinedWhere =
  (status: number) =>
  (error: unknown): undefined => {
    if (statusOf(error) !== status) throw error;
  };

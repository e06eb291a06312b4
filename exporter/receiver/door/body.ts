import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { HttpError, unavailable } from './answer.ts';
import type { Share } from './budget.ts';

export interface BodyLimits {
  /** As it is sent. */
  readonly maxBodyBytes: number;
  /** Unpacked. */
  readonly maxInflatedBytes: number;
}

const UNPACKERS = { gzip: createGunzip, deflate: createInflate } as const;
type Packing = keyof typeof UNPACKERS;

/** The sender has gone: there is no one to answer. */
export class AbortedError extends Error {
  override name = 'AbortedError';
}

/** Overload passes; the sender keeps its spans. */
export const overloaded = (): HttpError => unavailable('too much is waiting to be written, try again later');

/**
 * How the body is packed; undefined when it is not.
 * @throws HttpError 415 for anything but gzip and deflate.
 */
function packingOf({ headers }: IncomingMessage): Packing | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return undefined;
  if (Object.hasOwn(UNPACKERS, encoding)) return encoding as Packing;
  throw new HttpError(415, 'content-encoding: expected gzip, deflate or none', {
    'accept-encoding': 'gzip, deflate',
  });
}

/**
 * The length that the request states; undefined for a chunked one.
 * @throws HttpError 411 when it states none, 413 when it is too long.
 */
export function statedLength({ headers }: IncomingMessage, { maxBodyBytes }: BodyLimits): number | undefined {
  const text = headers['content-length'];
  if (text === undefined) {
    if (headers['transfer-encoding'] !== undefined) return undefined;
    throw new HttpError(411, 'expected a content-length, or a chunked body');
  }
  const length = Number(text);
  if (length > maxBodyBytes) throw tooLong(maxBodyBytes);
  return length;
}

/**
 * The body, unpacked. What it takes is counted in `share` while it grows, so that a small request cannot become a large
 * one unseen. `share` has the stated length already.
 * @throws HttpError 400 when it is cut off or not packed as it says, 413 when it is too long, 503 when `share` cannot grow.
 */
export async function readBody(
  request: IncomingMessage,
  share: Share,
  stated: number | undefined,
  limits: BodyLimits,
): Promise<Buffer> {
  const packing = packingOf(request);
  const sent = collect(request, limits.maxBodyBytes, stated === undefined ? share : undefined);
  if (packing === undefined) return sent;
  return unpack(await sent, packing, share, limits.maxInflatedBytes);
}

/**
 * Everything that the stream gives. Not `for await`, which would destroy a request that it leaves early, and with it the
 * connection that the answer goes to.
 */
function collect(source: Readable, maxBytes: number, share: Share | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (error: unknown) => {
      source.off('data', take);
      chunks.length = 0;
      reject(error);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) fail(tooLong(maxBytes));
      else if (share?.grow(chunk.length) === false) fail(overloaded());
      else chunks.push(chunk);
    };
    source.on('data', take);
    source.once('error', fail);
    source.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    // After `end` it changes nothing.
    source.once('close', () => fail(new AbortedError('The sender has gone away.')));
  });
}

/** Piece by piece, so that a bomb is noticed by its first piece too many. */
async function unpack(packed: Buffer, packing: Packing, share: Share, maxBytes: number): Promise<Buffer> {
  const unpacker = UNPACKERS[packing]({ chunkSize: 64 * 1024 });
  unpacker.end(packed);
  try {
    return await collect(unpacker, maxBytes, share);
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, `the body is not valid ${packing}`);
  } finally {
    unpacker.destroy();
  }
}

const tooLong = (maxBytes: number) =>
  new HttpError(413, `the body is longer than ${maxBytes} bytes; send smaller batches`);

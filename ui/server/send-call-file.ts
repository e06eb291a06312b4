import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { callFileBytes } from '../../exporter/call-file/index.ts';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import { type CallKey, type Database, partsOf } from '../../exporter/store/index.ts';
import { SAFE_HEADERS } from './answer.ts';
import { type SaveOptions, savedCall } from './saved-call.ts';

const MOST_CHARACTERS = 80;

/** `call-CA123.earshot`: with as much of an id as any file system and any header take. */
export function callFileName(callId: string): string {
  const kept = (callId.match(/\w+/g) ?? []).join('-').slice(0, MOST_CHARACTERS);
  return kept === '' ? 'call.earshot' : `call-${kept}.earshot`;
}

/** Sends a call as `earshot save` writes it, without sound. @throws HttpError 404 */
export async function sendCallFile(
  request: IncomingMessage,
  response: ServerResponse,
  db: Database,
  key: CallKey,
  options: SaveOptions,
): Promise<void> {
  const saved = await savedCall(db, key, options);
  if (saved === undefined) throw new HttpError(404, 'there is no such call, or it has not ended');
  response.writeHead(200, {
    ...SAFE_HEADERS,
    'content-type': 'application/gzip',
    'content-disposition': `attachment; filename="${callFileName(partsOf(key).callId)}"`,
    'cache-control': 'private, no-store',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(callFileBytes({ ...saved.file, sounds: [] })), createGzip(), response);
  } catch {
    // The reader has gone; or the call is larger than a file may be, and then no file is better than half of one.
    response.destroy();
  }
}

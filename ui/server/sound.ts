import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import { peaksOf } from '../../recordings/peaks.ts';
import type { Recording } from '../../recordings/recordings.ts';
import { BYTES_PER_SAMPLE, samplesIn, WAV_HEADER_BYTES, wavHeader } from '../../recordings/wav.ts';
import type { Place } from '../../storage/place.ts';
import { SAFE_HEADERS, sendBody } from './answer.ts';
import { rangeOf } from './range.ts';

const NOTHING = Buffer.alloc(0);

/** Sends a recording, or the part of it that a `Range` asks for. @throws HttpError 404, 416 */
export async function sendSound(
  request: IncomingMessage,
  response: ServerResponse,
  place: Place,
  { path, format, bytes }: Recording,
): Promise<void> {
  const samples = samplesIn(bytes);
  const head = format === 'wav' ? wavHeader(samples) : NOTHING;
  const size = format === 'wav' ? WAV_HEADER_BYTES + samples * BYTES_PER_SAMPLE : bytes;
  // It only ever grows: who has a part of another length begins again.
  const etag = `"${size}"`;
  const condition = request.headers['if-range'];
  const asked = condition === undefined || condition === etag ? request.headers.range : undefined;
  const range = rangeOf(asked, size);
  if (range === 'none')
    throw new HttpError(416, 'range: it has no such bytes', { 'content-range': `bytes */${size}` });
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const headers = {
    ...SAFE_HEADERS,
    'content-type': `audio/${format}`,
    'cache-control': 'private, no-store',
    'accept-ranges': 'bytes',
    'content-length': last - first + 1,
    etag,
    ...(range && { 'content-range': `bytes ${first}-${last}/${size}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (request.method === 'HEAD') {
    response.writeHead(status, headers).end();
    return;
  }
  const file = await place.open(path);
  if (file === undefined) throw new HttpError(404, 'there is no such recording');
  try {
    const start = Math.max(first, head.length);
    const body = last < start ? Readable.from([]) : await file.stream(start, last);
    response.writeHead(status, headers);
    // By the size of the file: while it grew, its head did not know.
    if (first < head.length) response.write(head.subarray(first, last + 1));
    await pipeline(body, response);
  } catch {
    // The browser has looked elsewhere, as it does with each click.
    response.destroy();
  } finally {
    await file.close();
  }
}

/** Sends how loud a recording is. @throws HttpError 404 */
export async function sendPeaks(
  request: IncomingMessage,
  response: ServerResponse,
  place: Place,
  recording: Recording,
): Promise<void> {
  const peaks = await peaksOf(place, recording);
  if (peaks === undefined) throw new HttpError(404, 'there is no such recording');
  const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'private, no-store' };
  await sendBody(request, response, 200, headers, peaks);
}

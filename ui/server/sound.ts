import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import { peaksOf } from '../../recordings/peaks.ts';
import { openRecording, type Recording } from '../../recordings/recordings.ts';
import { BYTES_PER_SAMPLE, samplesIn, WAV_HEADER_BYTES, wavHeader } from '../../recordings/wav.ts';
import { SAFE_HEADERS, sendBody } from './answer.ts';
import { rangeOf } from './range.ts';

const NOTHING = Buffer.alloc(0);

/** Sends a recording, or the part of it that a `Range` asks for. @throws HttpError 404, 416 */
export async function sendSound(
  request: IncomingMessage,
  response: ServerResponse,
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
  const handle = request.method === 'HEAD' ? undefined : await openRecording(path);
  if (handle === undefined && request.method !== 'HEAD')
    throw new HttpError(404, 'there is no such recording');
  response.writeHead(range === undefined ? 200 : 206, headers);
  if (handle === undefined) {
    response.end();
    return;
  }
  try {
    // By the size of the file: while it grew, its head did not know.
    if (first < head.length) response.write(head.subarray(first, last + 1));
    const start = Math.max(first, head.length);
    const body =
      last < start ? Readable.from([]) : handle.createReadStream({ start, end: last, autoClose: false });
    await pipeline(body, response);
  } catch {
    // The browser has looked elsewhere, as it does with each click.
    response.destroy();
  } finally {
    await handle.close();
  }
}

/** Sends how loud a recording is. @throws HttpError 404 */
export async function sendPeaks(
  request: IncomingMessage,
  response: ServerResponse,
  recording: Recording,
): Promise<void> {
  const peaks = await peaksOf(recording);
  if (peaks === undefined) throw new HttpError(404, 'there is no such recording');
  const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'private, no-store' };
  await sendBody(request, response, 200, headers, peaks);
}

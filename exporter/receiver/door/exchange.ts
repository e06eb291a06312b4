import type { IncomingMessage, ServerResponse } from 'node:http';
import { MalformedError, TooLargeError } from '../decode/limits.ts';
import { CONTENT_TYPES, type Encoding, HttpError } from './answer.ts';

/**
 * How the body is encoded, and so the answer.
 * @throws HttpError 415
 */
export function encodingOf(request: IncomingMessage): Encoding {
  const type = mediaType(request);
  if (type === CONTENT_TYPES.protobuf) return 'protobuf';
  if (type === CONTENT_TYPES.json) return 'json';
  throw new HttpError(415, `content-type: expected ${CONTENT_TYPES.protobuf} or ${CONTENT_TYPES.json}`);
}

/** For an error. Who sends forms (a recording) reads protobuf. */
export const preferredEncoding = (request: IncomingMessage): Encoding =>
  [CONTENT_TYPES.protobuf, 'multipart/form-data'].includes(mediaType(request) ?? '') ? 'protobuf' : 'json';

export const mediaType = ({ headers }: IncomingMessage) =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();

export function acceptBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect !== undefined) response.writeContinue();
}

/** The connection ends with this answer. */
export function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

export function send(response: ServerResponse, status: number, contentType: string, body: Buffer): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
  response.end(body);
}

export const sendText = (response: ServerResponse, status: number, text: string) =>
  send(response, status, 'text/plain; charset=utf-8', Buffer.from(`${text}\n`));

/** Takes what is left of a body and keeps none of it; beyond `maxBytes` the connection is cut. */
export function discard(request: IncomingMessage, maxBytes: number): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) request.destroy();
  });
  request.resume();
}

export function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof MalformedError) return new HttpError(400, error.message);
  if (error instanceof TooLargeError) return new HttpError(413, error.message);
  return new HttpError(500, 'the receiver has failed');
}

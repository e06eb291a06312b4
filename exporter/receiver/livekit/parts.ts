import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import type { IncomingRecording } from '../../../recordings/incoming.ts';
import { HttpError, unavailable } from '../door/answer.ts';
import { AbortedError, overloaded } from '../door/body.ts';
import type { Share } from '../door/budget.ts';

/** With Python the header has the session's report. */
const MAX_HEADER_BYTES = 1 << 20;
/** A longer history is left out, and its recording kept. */
const MAX_HISTORY_BYTES = 8 << 20;
/** The SDKs send three. */
const LIMITS = { parts: 8, files: 8, headerPairs: 16, headerSize: 4_096 };

/** What a recording is uploaded as. The audio is on disk. */
export interface RecordingParts {
  header?: Buffer;
  history?: Buffer;
  audio?: IncomingRecording;
}

export interface PartsOptions {
  /** Of the request as a whole. */
  readonly maxBytes: number;
  /** Counts what is held in memory. */
  readonly share: Share;
  /** Where the audio goes; undefined: nowhere. */
  audio(): IncomingRecording | undefined;
}

/**
 * Reads the parts of a form as they come, the audio to disk: memory holds a header, a history and a few pieces. Names of files
 * are not looked at, and a part that says how long it is may say what it likes.
 * @throws HttpError 400, 413, 503; AbortedError. Nothing is left on disk then.
 */
export async function readParts(request: IncomingMessage, options: PartsOptions): Promise<RecordingParts> {
  const parts: RecordingParts = {};
  try {
    await new Promise<void>((resolve, reject) => read(request, parts, options, resolve, reject));
    return parts;
  } catch (error) {
    await parts.audio?.discard();
    throw error;
  }
}

function read(
  request: IncomingMessage,
  parts: RecordingParts,
  { maxBytes, share, audio }: PartsOptions,
  resolve: () => void,
  reject: (error: unknown) => void,
): void {
  const work: Promise<void>[] = [];
  const form = openForm(request);
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) fail(new HttpError(413, `the recording is longer than ${maxBytes} bytes`));
  };
  // Not destroyed: the connection carries the answer.
  const fail = (error: unknown) => {
    request.off('data', count);
    request.unpipe(form);
    form.destroy();
    reject(error);
  };
  const handle = (promise: Promise<void>) => {
    work.push(promise);
    promise.catch(fail);
  };
  form.on('file', (name: string, stream: Readable) => {
    // When the form ends too early its parts end with an error, which the form has, too.
    stream.on('error', () => {});
    if (name === 'header' && parts.header === undefined) {
      const tooLong = () => new HttpError(413, `header: expected no more than ${MAX_HEADER_BYTES} bytes`);
      handle(
        collect(stream, MAX_HEADER_BYTES, share).then((header) => {
          if (header === undefined) throw tooLong();
          parts.header = header;
        }),
      );
    } else if (name === 'chat_history' && parts.history === undefined) {
      handle(
        collect(stream, MAX_HISTORY_BYTES, share).then((history) => {
          if (history !== undefined) parts.history = history;
        }),
      );
    } else if (name === 'audio' && parts.audio === undefined) {
      const recording = audio();
      if (recording === undefined) stream.resume();
      else {
        parts.audio = recording;
        handle(store(stream, recording));
      }
    } else stream.resume();
  });
  for (const limit of ['partsLimit', 'filesLimit'] as const)
    form.on(limit, () => fail(new HttpError(413, `expected no more than ${LIMITS.parts} parts`)));
  form.on('error', () => fail(new HttpError(400, 'the body is not the form that its content type says')));
  form.on('finish', () => Promise.all(work).then(() => resolve(), reject));
  request.on('data', count);
  request.once('error', fail);
  request.once('close', () => {
    // It closes, too, when all has come, which may not be on disk yet.
    if (!request.readableEnded) fail(new AbortedError('The sender has gone away.'));
  });
  request.pipe(form);
}

/** @throws HttpError 400 where the content type has no boundary. */
function openForm(request: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders,
      limits: LIMITS,
      isPartAFile: () => true,
    });
  } catch {
    throw new HttpError(400, 'content-type: expected a boundary');
  }
}

/** A part in memory; undefined when it is longer than that. */
async function collect(part: Readable, maxBytes: number, share: Share): Promise<Buffer | undefined> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of part as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) chunks = [];
    else if (!share.grow(chunk.length)) throw overloaded();
    else chunks.push(chunk);
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks);
}

async function store(part: Readable, recording: IncomingRecording): Promise<void> {
  try {
    await pipeline(part, await recording.open());
  } catch {
    throw unavailable('the recording cannot be stored now, try again later', 5);
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from '../../../demo/simulators/fault.ts';
import { delay, readJson, sendJson } from '../../../demo/simulators/server.ts';
import { CHUNK_SECONDS, speech, type Voice } from './deepgram-speak-voice.ts';
import { wavHeader } from './wav.ts';

/** Answers `POST /v1/speak` and `/v2/speak`. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { random, options, record }: Voice,
  fault: Fault | undefined,
): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  const body = await readJson(request);
  const text = String(body?.text ?? '');
  const id = random.uuid();
  if (pathname !== '/v1/speak' && pathname !== '/v2/speak') return void response.writeHead(404).end();
  record({ kind: 'received', id, text, query: Object.fromEntries(query) });
  if (fault?.kind === 'status') {
    record({ kind: 'failed', id, status: fault.status });
    return sendJson(response, fault.status, { err_code: 'REFUSED', err_msg: 'refused by the simulator' });
  }
  if (query.has('callback')) return sendJson(response, 200, { request_id: id });
  const { chunks, bytesPerSecond } = speech(text, query);
  await delay(random.between(...(options.firstByteMs ?? [40, 80])));
  if (fault?.kind === 'delay') await delay(fault.ms);
  const raw = query.get('container') === 'none' || query.get('encoding') !== 'linear16';
  response.writeHead(200, {
    'content-type': query.has('encoding') ? 'audio/wav' : 'audio/mpeg',
    'dg-char-count': String(text.length),
    'dg-model-name': query.get('model') ?? 'aura-asteria-en',
    'dg-request-id': id,
  });
  if (!raw) response.write(wavHeader(Number(query.get('sample_rate') ?? 24_000)));
  let bytes = 0;
  for (const [i, chunk] of chunks.entries()) {
    if (fault?.kind === 'cut' && i === fault.afterChunks) {
      record({ kind: 'failed', id, status: 'cut' });
      return void response.destroy();
    }
    if (response.destroyed) break;
    response.write(chunk);
    if (bytes === 0) record({ kind: 'first_byte', id });
    bytes += chunk.length;
    await delay((CHUNK_SECONDS * 1000) / (options.speed ?? 20));
  }
  const kind = response.destroyed ? 'aborted' : 'finished';
  record({ kind, id, bytes, audioSeconds: bytes / bytesPerSecond });
  response.end();
}

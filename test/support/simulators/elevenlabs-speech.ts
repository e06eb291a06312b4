import type { IncomingMessage, ServerResponse } from 'node:http';
import { nowMicros } from '../../../demo/now.ts';
import { delay, readJson, sendJson } from '../../../demo/simulators/server.ts';
import { Speech } from '../../../demo/simulators/speech-request.ts';
import { type SpeechContext, speechRequest } from './elevenlabs-truth.ts';

const PATH = /^\/v1\/text-to-(?:speech\/[^/]+|dialogue)(?:\/stream)?(?:\/with-timestamps)?$/;

/** Answers `/v1/text-to-speech/VOICE` and `/v1/text-to-dialogue`, each with `/stream` and `/with-timestamps`. */
export async function speakOverHttp(
  request: IncomingMessage,
  response: ServerResponse,
  { requestId, random, firstByteMs, speed, fault, record }: SpeechContext,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname;
  const arrived = performance.now();
  const arrivedMicros = nowMicros();
  const body = await readJson(request);
  const fail = (status: number, code: string): void => {
    record({ kind: 'failed', requestId, status });
    const detail = { type: code, code, message: 'refused by the simulator', request_id: requestId };
    sendJson(response, status, { detail }, { 'request-id': requestId });
  };
  if (!PATH.test(path) || request.method !== 'POST') return fail(404, 'not_found');
  if (!request.headers['xi-api-key']) return fail(401, 'unauthorized');
  const inputs = Array.isArray(body?.inputs) ? body.inputs : [body];
  const text = inputs.map((input) => (input as { text?: unknown } | undefined)?.text).join('');
  const model = typeof body?.model_id === 'string' ? body.model_id : undefined;
  if (text === '') return fail(422, 'validation_error');
  record({ kind: 'received', requestId, path, model, text, contextId: undefined }, arrivedMicros);
  if (fault?.kind === 'status') return fail(fault.status, fault.status === 429 ? 'rate_limit' : 'simulated');

  const speech = new Speech(speechRequest(text, model, url.searchParams.get('output_format')));
  const streams = path.includes('/stream');
  const timed = path.endsWith('/with-timestamps');
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const firstMs = random.between(...firstByteMs) + (fault?.kind === 'delay' ? fault.ms : 0);
  const chunkMs = speech.chunkMs / random.between(...speed);
  const headers = {
    'content-type': timed ? 'application/json' : 'audio/mpeg',
    'request-id': requestId,
    // In credits: the fast models cost half a credit a character.
    'character-cost': String(model?.includes('flash') ? Math.ceil(text.length / 2) : text.length),
  };
  const part = (audio: Buffer): string | Buffer =>
    timed ? `${JSON.stringify({ audio_base64: audio.toString('base64'), alignment: null })}\n` : audio;

  for (const [i, chunk] of speech.chunks.entries()) {
    await delay(arrived + firstMs + i * chunkMs - performance.now(), gone.signal);
    if (gone.signal.aborted) return record({ kind: 'aborted', requestId, ...speech.sent });
    if (fault?.kind === 'cut' && i === fault.afterChunks) {
      record({ kind: 'failed', requestId, status: 'cut' });
      response.destroy();
      return;
    }
    if (i === 0) {
      if (streams || !timed) response.writeHead(200, headers);
      // Without this a small chunk would wait for the next one.
      response.socket?.setNoDelay(true);
    }
    if (streams || !timed) response.write(part(chunk));
    if (i === 0) record({ kind: 'first_byte', requestId });
    speech.count(chunk);
  }
  if (timed && !streams) response.writeHead(200, headers).write(part(Buffer.concat(speech.chunks)));
  response.end();
  record({ kind: 'finished', requestId, ...speech.sent });
}

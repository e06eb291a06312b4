import type { IncomingMessage, ServerResponse } from 'node:http';
import { TELEPHONE_RATE } from '../../../demo/audio.ts';
import { Faults } from '../../../demo/simulators/fault.ts';
import { Listener } from '../../../demo/simulators/listening.ts';
import { createRandom } from '../../../demo/simulators/random.ts';
import { delay, listenOnLoopback, type Simulator, sendJson } from '../../../demo/simulators/server.ts';
import { type SpokenWord, utterances } from '../../../demo/speech.ts';

/** One recording that was transcribed. */
export interface RecordingTruth {
  readonly query: Readonly<Record<string, string>>;
  readonly audioSeconds: number;
  readonly transcript: string;
}

/** A running simulator of transcription of recordings. */
export interface RecordingsSimulator extends Simulator<RecordingTruth> {
  readonly faults: Faults;
}

/**
 * Starts a server that speaks Deepgram's listen v1 for recordings (`POST /v1/listen`): raw mu-law in the body, or the
 * address of a recording of demo/speech, whose last part is its name.
 */
export async function startRecordingsSimulator(): Promise<RecordingsSimulator> {
  const truth: RecordingTruth[] = [];
  const faults = new Faults();
  const server = await listenOnLoopback({
    onRequest: (request, response) => void answer(request, response, faults, truth),
  });
  return { ...server, truth, faults };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  faults: Faults,
  truth: RecordingTruth[],
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const query = Object.fromEntries(searchParams);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (pathname !== '/v1/listen') return void response.writeHead(404).end();
  const fault = faults.take();
  if (fault?.kind === 'status')
    return sendJson(response, fault.status, { err_code: 'REFUSED', err_msg: 'refused by the simulator' });
  const requestId = createRandom(truth.length + 1).uuid();
  if (searchParams.has('callback')) return sendJson(response, 200, { request_id: requestId });
  const audio = /json/.test(request.headers['content-type'] ?? '') ? named(body.toString()) : body;
  const words = transcribe(audio);
  const transcript = words.map(({ word }) => word).join(' ');
  const duration = audio.length / TELEPHONE_RATE;
  await delay(fault?.kind === 'delay' ? fault.ms : 20);
  truth.push({ query, audioSeconds: duration, transcript });
  sendJson(response, 200, {
    metadata: {
      request_id: requestId,
      sha256: '',
      created: new Date().toISOString(),
      duration,
      channels: 1,
      models: [],
      model_info: {},
    },
    results: { channels: [{ alternatives: [{ transcript, confidence: 0.99, words }] }] },
  });
}

function named(body: string): Uint8Array {
  const { url = '' } = JSON.parse(body) as { url?: string };
  return utterances().get(url.split('/').at(-1) ?? '')?.mulaw ?? new Uint8Array(0);
}

function transcribe(audio: Uint8Array): SpokenWord[] {
  const words: SpokenWord[] = [];
  const listener = new Listener(
    {
      encoding: 'mulaw',
      sampleRate: TELEPHONE_RATE,
      interimResults: false,
      endpointingMs: 300,
      utteranceEndMs: undefined,
      random: createRandom(1),
    },
    (heard) => {
      if (heard.kind === 'results' && heard.isFinal) words.push(...heard.words);
    },
  );
  // In pieces, as it would be streamed: what is recognised is looked at again from time to time.
  for (let at = 0; at < audio.length; at += 160) listener.push(audio.subarray(at, at + 160));
  listener.finalize(true);
  return words;
}

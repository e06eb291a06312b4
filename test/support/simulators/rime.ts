import type { RawData, WebSocket } from 'ws';
import { delay, type Loopback, listenOnLoopback } from '../../../demo/simulators/server.ts';
import { Speech } from '../../../demo/simulators/speech-request.ts';

/** What is said under one name, in the order in which it came. */
interface Voice {
  text: string;
  /** Resolves when all that is to be spoken has been sent. */
  spoken: Promise<void>;
}

/** How long it takes to the first audio, and from one piece of 100 ms to the next. */
const FIRST_MS = 60;
const PIECE_MS = 20;

/**
 * Starts a server that speaks Rime's `ws3`: text is spoken when it is flushed, `done` says that what was flushed is spoken,
 * and `eos` has the rest spoken and the socket closed.
 */
export const startRimeSimulator = (): Promise<Loopback> =>
  listenOnLoopback({
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: ({ url, accept, refuse }) => {
      if (url.pathname !== '/ws3' || !url.searchParams.has('speaker')) return refuse(400);
      accept((ws) => serve(ws, url.searchParams));
    },
  });

function serve(ws: WebSocket, query: URLSearchParams): void {
  let cleared = new AbortController();
  const voices = new Map<string | undefined, Voice>();
  const send = (message: object): void =>
    void (ws.readyState === ws.OPEN && ws.send(JSON.stringify(message)));

  async function speak(contextId: string | undefined, text: string, signal: AbortSignal): Promise<void> {
    const sampleRate = Number(query.get('samplingRate'));
    const model = String(query.get('modelId'));
    const { chunks } = new Speech({ model, text, encoding: 'pcm_s16le', sampleRate });
    for (const [i, chunk] of chunks.entries()) {
      await delay(i === 0 ? FIRST_MS : PIECE_MS, signal);
      if (signal.aborted) return;
      send({ type: 'chunk', contextId, data: chunk.toString('base64') });
    }
  }
  const flush = (contextId: string | undefined): Promise<void> => {
    const voice = voices.get(contextId);
    if (!voice) return Promise.resolve();
    const { text } = voice;
    const { signal } = cleared;
    voice.text = '';
    voice.spoken = voice.spoken.then(async () => {
      if (text !== '') await speak(contextId, text, signal);
      if (!signal.aborted) send({ type: 'done', contextId });
    });
    return voice.spoken;
  };

  ws.on('message', (data: RawData) => {
    const { text, contextId, operation } = JSON.parse(String(data)) as Record<string, string | undefined>;
    if (text === 'refuse me') return send({ type: 'error', contextId, message: 'refused by the simulator' });
    if (text !== undefined) {
      const voice = voices.get(contextId) ?? { text: '', spoken: Promise.resolve() };
      voice.text += text;
      voices.set(contextId, voice);
    }
    if (operation === 'flush') void flush(contextId);
    if (operation === 'clear') {
      cleared.abort();
      cleared = new AbortController();
      voices.clear();
    }
    if (operation === 'eos') void Promise.all([...voices.keys()].map(flush)).then(() => ws.close(1000));
  });
  ws.on('error', () => {});
  ws.on('close', () => cleared.abort());
}

import { request as forward } from 'node:http';
import { delay, listenOnLoopback, readJson } from '../../../demo/simulators/server.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';

const RATE = 24_000;
const SECONDS_A_CHARACTER = 0.03;
const SYNTHESIS_MS = 120;

/** One synthesis. Milliseconds since 1970. */
export interface SpeechTruth {
  readonly receivedMs: number;
  /** When all of its audio had been sent, at once: the plugin hears of no part of it. */
  sentMs?: number;
  readonly text: string;
}

/** OpenAI's `audio/speech` as far as LiveKit's plugin asks for it, beside whatever `otherwise` answers. */
export async function startSpeechServer(otherwise: string): Promise<{
  readonly url: string;
  readonly truth: readonly SpeechTruth[];
  close(): Promise<void>;
}> {
  const truth: SpeechTruth[] = [];
  const server = await listenOnLoopback({
    onRequest: async (request, response) => {
      if (request.url !== '/v1/audio/speech') {
        const { method, headers } = request;
        const forwarded = forward(`${otherwise}${request.url}`, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        request.pipe(forwarded);
        response.once('close', () => forwarded.destroy());
        forwarded.on('error', () => response.destroy());
        return;
      }
      const receivedMs = nowMs();
      const text = String((await readJson(request))?.input ?? '');
      const spoken: SpeechTruth = { receivedMs, text };
      truth.push(spoken);
      await delay(SYNTHESIS_MS);
      response.writeHead(200, { 'content-type': 'audio/pcm' });
      response.once('finish', () => {
        spoken.sentMs = nowMs();
      });
      response.end(Buffer.alloc(Math.round(text.length * SECONDS_A_CHARACTER * RATE) * 2));
    },
  });
  return { ...server, truth };
}

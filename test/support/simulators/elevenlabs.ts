import type { WebSocket } from 'ws';
import { Faults } from '../../../demo/simulators/fault.ts';
import { createRandom, type Range } from '../../../demo/simulators/random.ts';
import {
  listenOnLoopback,
  recorder,
  type Simulator,
  type SimulatorOptions,
} from '../../../demo/simulators/server.ts';
import { serveScribe } from './elevenlabs-scribe.ts';
import { serveStreamInput } from './elevenlabs-socket.ts';
import { speakOverHttp } from './elevenlabs-speech.ts';
import type { ElevenLabsTruth, SpeechContext } from './elevenlabs-truth.ts';

/** Behaviour of the ElevenLabs simulator. */
export interface ElevenLabsOptions extends SimulatorOptions {
  /** Milliseconds from request to first audio. (Default: 90 to 250.) */
  readonly firstByteMs?: Range;
  /** How many times faster than real time audio is made. (Default: 4 to 8.) */
  readonly speed?: Range;
}

/** A running ElevenLabs simulator. */
export interface ElevenLabsSimulator extends Simulator<ElevenLabsTruth> {
  /** Origin for WebSockets, for example `ws://127.0.0.1:41234`. */
  readonly wsUrl: string;
  readonly faults: Faults;
}

/** Serves one WebSocket whose path it knows. */
type Serve = (ws: WebSocket, url: URL, context: SpeechContext) => void;

const SOCKETS: readonly (readonly [path: RegExp, serve: Serve])[] = [
  [/^\/v1\/speech-to-text\/realtime$/, serveScribe],
  [/^\/v1\/text-to-speech\/[^/]+\/(multi-)?stream-input$/, serveStreamInput],
];

/** Starts a server that speaks ElevenLabs' synthesis over HTTP and over its sockets, and its realtime transcription. */
export async function startElevenLabsSimulator(
  options: ElevenLabsOptions = {},
): Promise<ElevenLabsSimulator> {
  const { seed = 1, firstByteMs = [90, 250], speed = [4, 8] } = options;
  const truth: ElevenLabsTruth[] = [];
  const faults = new Faults();
  let requests = 0;

  const createContext = (): SpeechContext => {
    const random = createRandom(seed, `elevenlabs:${++requests}`);
    const record: SpeechContext['record'] = recorder(truth);
    return { requestId: random.uuid(), random, firstByteMs, speed, fault: faults.take(), record };
  };
  const server = await listenOnLoopback({
    onRequest: (request, response) => {
      void speakOverHttp(request, response, createContext()).catch(() => response.destroy());
    },
    onUpgrade: ({ request, url, accept, refuse }) => {
      const serve = SOCKETS.find(([path]) => path.test(url.pathname))?.[1];
      if (!serve) return refuse(404);
      if (!request.headers['xi-api-key']) return refuse(401);
      const context = createContext();
      if (context.fault?.kind === 'status') return refuse(context.fault.status);
      accept((ws) => serve(ws, url, context));
    },
  });
  return {
    ...server,
    truth,
    faults,
  };
}

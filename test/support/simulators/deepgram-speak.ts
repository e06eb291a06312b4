import { Faults } from '../../../demo/simulators/fault.ts';
import { createRandom } from '../../../demo/simulators/random.ts';
import { listenOnLoopback, recorder, type Simulator } from '../../../demo/simulators/server.ts';
import { answer } from './deepgram-speak-request.ts';
import { SpeakSocket, serveV1, serveV2 } from './deepgram-speak-socket.ts';
import type {
  DeepgramSpeakOptions,
  DeepgramSpeakTruth,
  RecordSpeech,
  Voice,
} from './deepgram-speak-voice.ts';

/** A running speak simulator. */
export interface DeepgramSpeakSimulator extends Simulator<DeepgramSpeakTruth> {
  readonly wsUrl: string;
  readonly faults: Faults;
}

/**
 * Starts a server that speaks Deepgram's text-to-speech: sockets (`/v1/speak`, `/v2/speak`) and requests (`POST
 * /v1/speak`).
 */
export async function startDeepgramSpeakSimulator(
  options: DeepgramSpeakOptions = {},
): Promise<DeepgramSpeakSimulator> {
  const truth: DeepgramSpeakTruth[] = [];
  const faults = new Faults();
  let connections = 0;
  const record: RecordSpeech = recorder(truth);
  const voice = (): Voice => ({
    random: createRandom(options.seed ?? 1, `speak:${++connections}`),
    options,
    record,
  });
  const server = await listenOnLoopback({
    onRequest: (request, response) => void answer(request, response, voice(), faults.take()),
    onUpgrade: ({ url, accept, refuse }) => {
      const { pathname, searchParams } = url;
      const fault = faults.take();
      const known = pathname === '/v1/speak' || pathname === '/v2/speak';
      if (!known || fault?.kind === 'status') return refuse(fault?.kind === 'status' ? fault.status : 404);
      accept((ws) => {
        const made = new SpeakSocket(ws, searchParams, voice(), fault);
        if (pathname === '/v1/speak') serveV1(ws, made);
        else serveV2(ws, made);
        ws.on('error', () => {});
        ws.on('close', () => made.abort());
      });
    },
  });
  return {
    ...server,
    truth,
    faults,
  };
}

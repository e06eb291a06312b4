import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import Cartesia, * as namespace from '@cartesia/cartesia-js';
import { WebSocket } from 'ws';
import { utterance } from '../../../demo/speech.ts';
import type { Call } from '../../../instrumentation/call/call.ts';
import { patchCartesia } from '../../../instrumentation/sdks/cartesia/cartesia.ts';
import type { Fact } from '../../../model/facts.ts';
import { type CartesiaListenSimulator, startCartesiaListenSimulator } from '../simulators/cartesia-listen.ts';
import { recordSpans, takeFacts } from '../spans.ts';
import { type Said, talk } from '../talking.ts';

const commonJs = createRequire(import.meta.url)('@cartesia/cartesia-js') as { Cartesia: typeof Cartesia };
export const BUILDS = [
  { name: 'from ESM', Client: Cartesia },
  { name: 'from CommonJS', Client: commonJs.Cartesia },
] as const;
type TurnsOptions = Parameters<Cartesia['stt']['autoFinalize']['websocket']>[1];
/** What both kinds of sockets have. */
interface Socket {
  on(event: 'close', listener: (code: number) => void): unknown;
  sendRaw(data: Uint8Array): void;
}

const PHONE = { encoding: 'pcm_mulaw', sample_rate: 8_000 } as const;
export const SPOKEN = utterance('hours-question');

export let simulator: CartesiaListenSimulator;
/** Serves transcription, and patches every build of the SDK. */
export function serveListen(): void {
  before(async () => {
    recordSpans();
    patchCartesia(namespace);
    patchCartesia(commonJs);
    simulator = await startCartesiaListenSimulator();
    // The SDK's ESM build takes the global one, which Node 20 has not.
    globalThis.WebSocket ??= WebSocket as never;
  });
  after(() => simulator.close());
}

export const client = (Client: typeof Cartesia = commonJs.Cartesia): Cartesia =>
  new Client({ apiKey: 'key', baseURL: simulator.url });
export const turns = (options?: TurnsOptions, Client?: typeof Cartesia) =>
  client(Client).stt.autoFinalize.websocket({ model: 'ink-2', ...PHONE }, options);
export const manual = (parameters: object = {}, Client?: typeof Cartesia) =>
  client(Client).stt.manualFinalize.websocket({ model: 'ink-2', ...PHONE, ...parameters });

/** Sends audio at the pace of speech, in frames of 20 ms, until the socket is closed. */
export function speak(socket: Socket, audio: Uint8Array): Promise<Said> {
  let closed = false;
  socket.on('close', () => {
    closed = true;
  });
  const send = (frame: Uint8Array): boolean => {
    socket.sendRaw(frame);
    return !closed;
  };
  return talk(send, audio);
}

/** What was said and so much silence, in seconds. */
export const secondsWith = (seconds: number): number => (SPOKEN.mulaw.length + seconds * 8_000) / 8_000;
export const closed = (socket: Socket): Promise<number> =>
  new Promise((resolve) => socket.on('close', resolve));
export const factsOf = ({ id }: Call): Fact[] => takeFacts().filter(({ callId }) => callId === id);
/** When the simulator last sent a message of this type. */
export const sentUs = (type: string): number =>
  simulator.truth.findLast((event) => event.kind === 'sent' && event.message.type === type)?.atMicros ?? 0;
/** When it first sent one after `sinceUs`. */
export const firstSentUs = (type: string, sinceUs: number): number =>
  simulator.truth.find(
    (event) => event.kind === 'sent' && event.atMicros > sinceUs && event.message.type === type,
  )?.atMicros ?? 0;

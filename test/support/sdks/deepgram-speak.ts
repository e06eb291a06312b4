import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Call } from '../../../instrumentation/call/call.ts';
import { patchDeepgram } from '../../../instrumentation/sdks/deepgram/deepgram.ts';
import type { Fact, StageFact } from '../../../model/facts.ts';
import { DEEPGRAM_SDKS, deepgramEnvironment } from '../deepgram-sdks.ts';
import { stagesOf } from '../facts.ts';
import { assertNear } from '../near.ts';
import { poll } from '../poll.ts';
import { type DeepgramSpeakSimulator, startDeepgramSpeakSimulator } from '../simulators/deepgram-speak.ts';
import type { DeepgramSpeakTruth } from '../simulators/deepgram-speak-voice.ts';
import { recordSpans, takeFacts } from '../spans.ts';

export type Client = (typeof DEEPGRAM_SDKS)[number]['Client'];
type Kind = DeepgramSpeakTruth['kind'];

type SocketV1 = Awaited<ReturnType<InstanceType<Client>['speak']['v1']['connect']>>;
type SocketV2 = Awaited<ReturnType<InstanceType<Client>['speak']['v2']['connect']>>;

export const FIRST = 'Of course, with pleasure.';
export const SECOND = 'At what time would you like to come?';
export const PHONE = { model: 'aura-2-thalia-en', encoding: 'mulaw', sample_rate: '8000', Authorization: '' };
export const RAW = { model: PHONE.model, encoding: 'mulaw', sample_rate: 8000, container: 'none' };
export const FLUX = { ...PHONE, model: 'flux-alexis-en' };

const pace = { speed: 20 };
export let simulator: DeepgramSpeakSimulator;
/** Serves text-to-speech, and patches every build of the SDK. */
export function serveSpeak(): void {
  before(async () => {
    recordSpans();
    for (const { exports } of DEEPGRAM_SDKS) patchDeepgram(exports);
    simulator = await startDeepgramSpeakSimulator(pace);
  });
  after(() => simulator.close());
}

export const clientOf = (Client: Client, options: object = {}) =>
  new Client({ apiKey: 'key', environment: deepgramEnvironment(simulator), maxRetries: 0, ...options });

export async function connectV1(Client: Client, args: object = {}): Promise<SocketV1> {
  const socket = await clientOf(Client).speak.v1.connect({ ...PHONE, ...args } as never);
  socket.connect();
  await socket.waitForOpen();
  return socket;
}

export async function connectV2(Client: Client, args: object = {}): Promise<SocketV2> {
  const socket = await clientOf(Client).speak.v2.connect({ ...FLUX, ...args } as never);
  socket.connect();
  await socket.waitForOpen();
  return socket;
}

export const truth = <K extends Kind>(kind: K) =>
  simulator.truth.filter((event): event is Extract<DeepgramSpeakTruth, { kind: K }> => event.kind === kind);
export const last = <K extends Kind>(kind: K) => {
  const event = truth(kind).at(-1);
  assert.ok(event, `nothing was ${kind}`);
  return event;
};

/** Waits until `call` plays, of a synthesis that has then hardly begun, however long this process stood still. */
export async function beginsToPlay(call: Call, ask: () => void): Promise<void> {
  const before = truth('first_byte').length;
  pace.speed = 0.05;
  try {
    call.run(ask);
    await poll(() => truth('first_byte').length > before && call.turn?.playing);
  } finally {
    pace.speed = 20;
  }
}

/** The facts so far, and `count` syntheses among them. */
export async function syntheses(count: number): Promise<{ facts: Fact[]; tts: StageFact[] }> {
  const facts: Fact[] = [];
  await poll(() => {
    facts.push(...takeFacts());
    return stagesOf(facts, 'tts').length >= count;
  });
  return { facts, tts: stagesOf(facts, 'tts') };
}

export const isFirstByteOf = (fact: StageFact | undefined, event: { readonly atMicros: number }): void =>
  assertNear(fact?.firstByteUs, event.atMicros);

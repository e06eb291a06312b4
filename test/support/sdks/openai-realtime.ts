import { createRequire } from 'node:module';
import { after, before, type TestContext } from 'node:test';
import OpenAI from 'openai';
import * as betaNamespace from 'openai/beta/realtime/ws';
import * as webSocketNamespace from 'openai/realtime/websocket';
import * as namespace from 'openai/realtime/ws';
import OldestOpenAI from 'openai-oldest';
import * as oldestNamespace from 'openai-oldest/realtime/ws';
import { Call } from '../../../instrumentation/call/call.ts';
import { foreign } from '../../../instrumentation/sdks/kit/patch.ts';
import { patchOpenAiRealtime } from '../../../instrumentation/sdks/openai/realtime.ts';
import type { Fact } from '../../../model/facts.ts';
import { Story } from '../facts.ts';
import { Microphone, toPcm24 } from '../microphone.ts';
import { poll } from '../poll.ts';
import {
  type RealtimeSimulator,
  type RealtimeTruth,
  startRealtimeSimulator,
} from '../simulators/openai-realtime.ts';
import { recordSpans, takeFacts } from '../spans.ts';

export type Client = namespace.OpenAIRealtimeWS;
type Event = Readonly<Record<string, unknown>>;

const load = createRequire(import.meta.url);
const commonJs = load('openai/realtime/ws') as typeof namespace;
const oldestCommonJs = load('openai-oldest/realtime/ws') as typeof namespace;
export const BUILDS = [
  { name: 'openai 7 from ESM', exports: namespace, OpenAI },
  { name: 'openai 7 from CommonJS', exports: commonJs, OpenAI },
  {
    name: 'openai 5.17 from ESM',
    exports: oldestNamespace as unknown as typeof namespace,
    OpenAI: OldestOpenAI,
  },
  { name: 'openai 5.17 from CommonJS', exports: oldestCommonJs, OpenAI: OldestOpenAI },
] as const;

let simulator: RealtimeSimulator;
/** Serves the Realtime API, and patches every build of its clients. */
export function serveRealtime(): void {
  before(async () => {
    recordSpans();
    for (const { exports } of BUILDS) patchOpenAiRealtime(exports);
    patchOpenAiRealtime(betaNamespace);
    patchOpenAiRealtime(webSocketNamespace);
    simulator = await startRealtimeSimulator();
  });
  after(() => simulator.close());
}

export const MODEL = 'gpt-realtime';
const TRANSCRIPTION = { model: 'gpt-4o-transcribe' };
export const insecure = { rejectUnauthorized: false };
export const openAi = (Class: typeof OpenAI = OpenAI, at = simulator): OpenAI =>
  new Class({ apiKey: 'key', baseURL: `${at.url}/v1` });

/** A client with a microphone in front of it, and everything that the server told it. */
export class Talk {
  readonly client: Client;
  readonly events: Event[] = [];
  readonly errors: unknown[] = [];
  readonly #simulator: RealtimeSimulator;
  readonly #since: number;
  #microphone: Microphone | undefined;

  constructor(client: Client, at: RealtimeSimulator = simulator) {
    this.client = client;
    this.#simulator = at;
    this.#since = at.truth.length;
    client.on('event', (event) => this.events.push(event as unknown as Event));
    client.on('error', (error) => this.errors.push(error));
  }

  /** Connects, sets the session up and listens from then on. */
  static async start(
    t: TestContext,
    {
      exports = namespace,
      Class = OpenAI,
      session = {},
      input = {},
      at = simulator,
    }: {
      exports?: typeof namespace;
      Class?: typeof OpenAI;
      session?: object;
      input?: object;
      at?: RealtimeSimulator;
    } = {},
  ): Promise<Talk> {
    const talk = new Talk(
      new exports.OpenAIRealtimeWS({ model: MODEL, options: insecure } as never, openAi(Class, at)),
      at,
    );
    t.after(() => talk.stop());
    await talk.heard('session.created');
    const audio = { input: { transcription: TRANSCRIPTION, ...input } };
    talk.send({ type: 'session.update', session: { type: 'realtime', audio, ...session } });
    await talk.heard('session.updated');
    return talk;
  }

  send(event: object): void {
    this.client.send(event as never);
  }

  /** Opens the microphone: 16-bit PCM at 24 kHz, as sessions have it unless told otherwise. */
  async listen(): Promise<Microphone> {
    const microphone = new Microphone((mulaw) =>
      this.send({ type: 'input_audio_buffer.append', audio: toPcm24(mulaw).toString('base64') }),
    );
    this.#microphone = microphone;
    // What the server puts before the speech has to have been sent.
    await poll(() => microphone.seconds > 0.3);
    return microphone;
  }

  /** Waits for the nth event of a type. */
  async heard(type: string, nth = 1): Promise<Event> {
    const found = () => this.events.filter((event) => event.type === type)[nth - 1];
    return poll(found, { what: `${nth} ${type}: ${JSON.stringify(this.errors)}` });
  }

  stop(): void {
    this.#microphone?.stop();
    if (this.client.socket.readyState < 2) this.client.close();
  }

  /** Hangs up, and gives what was recorded. */
  async hangUp(call: Call | (() => Call | undefined)): Promise<Story> {
    this.stop();
    await poll(() => this.client.socket.readyState === 3);
    if (call instanceof Call) call.end();
    const id = call instanceof Call ? call.id : call()?.id;
    facts.push(...takeFacts());
    return new Story(facts.filter(({ callId }) => callId === id));
  }

  /** What the server says it sent on this connection, and what it got. */
  sent(type: string): RealtimeTruth[] {
    return this.#truth().filter((event) => event.kind === 'sent' && event.type === type);
  }

  received(type: string): RealtimeTruth[] {
    return this.#truth().filter((event) => event.kind === 'received' && event.event.type === type);
  }

  responses() {
    return this.#truth().flatMap((event) => (event.kind === 'responded' ? [event] : []));
  }

  #truth(): RealtimeTruth[] {
    const id = String(foreign(this.events.find(({ type }) => type === 'session.created')?.session)?.id);
    return this.#simulator.truth.slice(this.#since).filter(({ sessionId }) => sessionId === id);
  }
}

/** Of all tests, which run at the same time. */
const facts: Fact[] = [];

/** Each test has a call of its own, and looks at nothing else: they run at the same time. */
export const callOf = (t: TestContext, options: Parameters<typeof Talk.start>[1] = {}) => {
  const call = new Call();
  return call.run(async () => ({ call, talk: await Talk.start(t, options) }));
};

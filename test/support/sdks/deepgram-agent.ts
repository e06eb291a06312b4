import { after, before } from 'node:test';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchDeepgram } from '../../../instrumentation/sdks/deepgram/deepgram.ts';
import type { Fact, StageFact, TurnFact } from '../../../model/facts.ts';
import { DEEPGRAM_SDKS, deepgramEnvironment } from '../deepgram-sdks.ts';
import { turnsOf } from '../facts.ts';
import { poll } from '../poll.ts';
import { type DeepgramAgentSimulator, startDeepgramAgentSimulator } from '../simulators/deepgram-agent.ts';
import type { DeepgramAgentOptions, DeepgramAgentTruth } from '../simulators/deepgram-agent-session.ts';
import { recordSpans, takeFacts } from '../spans.ts';
import { talk } from '../talking.ts';

export type Client = (typeof DEEPGRAM_SDKS)[number]['Client'];
type Socket = Awaited<ReturnType<InstanceType<Client>['agent']['v1']['connect']>>;
type Kind = DeepgramAgentTruth['kind'];

export const SPOKEN = utterance('hours-question');
const SETTINGS = {
  type: 'Settings',
  audio: {
    input: { encoding: 'mulaw', sample_rate: 8000 },
    output: { encoding: 'mulaw', sample_rate: 8000, container: 'none' },
  },
  agent: {
    listen: { provider: { type: 'deepgram', version: 'v1', model: 'nova-3' } },
    think: { provider: { type: 'open_ai', model: 'gpt-4o-mini' } },
    speak: { provider: { type: 'deepgram', model: 'aura-2-thalia-en' } },
  },
};
export const [{ Client: Newest }] = DEEPGRAM_SDKS;

/** Patches every build of the SDK, and closes what {@link converse} opened. */
export function serveAgents(): void {
  before(() => {
    recordSpans();
    for (const { exports } of DEEPGRAM_SDKS) patchDeepgram(exports);
  });
  after(() => Promise.all(running.map((simulator) => simulator.close())));
}

export const running: DeepgramAgentSimulator[] = [];
/** What {@link converse} puts up. */
interface Connected {
  readonly simulator: DeepgramAgentSimulator;
  readonly socket: Socket;
  readonly call: Call;
  /** Of the messages that came so far. */
  readonly types: string[];
  truth<K extends Kind>(kind: K): Extract<DeepgramAgentTruth, { kind: K }>[];
}

/** An agent, and a call that the application has put up for it. */
export async function converse(
  Client: Client,
  options: DeepgramAgentOptions = {},
  { settings = {}, call = new Call(), args = {}, faults = [] as { kind: 'cut'; afterChunks: number }[] } = {},
): Promise<Connected> {
  takeFacts();
  const simulator = await startDeepgramAgentSimulator(options);
  running.push(simulator);
  simulator.faults.next(...faults);
  const client = new Client({ apiKey: 'key', environment: deepgramEnvironment(simulator) });
  const types: string[] = [];
  const socket = await call.run(async () => {
    const connected: Socket = await client.agent.v1.connect({ Authorization: '', ...args } as never);
    connected.on('message', (message) => types.push((message as { type?: string }).type ?? 'audio'));
    return connected;
  });
  socket.connect();
  await socket.waitForOpen();
  await poll(() => types.includes('Welcome'));
  socket.sendSettings({
    ...SETTINGS,
    ...settings,
    agent: { ...SETTINGS.agent, ...at(settings, 'agent') },
  } as never);
  await poll(() => types.includes('SettingsApplied'));
  const truth = <K extends Kind>(kind: K) =>
    simulator.truth.filter((event): event is Extract<DeepgramAgentTruth, { kind: K }> => event.kind === kind);
  return { simulator, socket, call, types, truth };
}

const at = (value: object, key: string): object => ((value as Record<string, unknown>)[key] ?? {}) as object;
export const say = (socket: Socket, audio: Uint8Array) => talk((frame) => socket.sendMedia(frame), audio);

export async function finish(socket: Socket, call: Call): Promise<Conversation> {
  socket.close();
  await poll(() => socket.readyState === 3);
  call.end();
  return new Conversation(takeFacts());
}

/** The facts of a call. */
class Conversation {
  readonly facts: readonly Fact[];
  readonly turns: readonly TurnFact[];

  constructor(facts: readonly Fact[]) {
    this.facts = facts;
    this.turns = turnsOf(facts).sort((a, b) => a.turnIndex - b.turnIndex);
  }

  stages(kind: StageFact['stage'], turnIndex = this.turns.at(-1)?.turnIndex): StageFact[] {
    return this.facts.filter(
      (fact): fact is StageFact =>
        fact.type === 'stage' && fact.stage === kind && fact.turnIndex === turnIndex,
    );
  }
}

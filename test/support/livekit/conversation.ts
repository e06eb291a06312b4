import type * as Agents from '@livekit/agents';
import { poll } from '../poll.ts';
import { type Caller, createCaller, createEnergyVad, createSpeaker, type Speaker } from './audio.ts';
import { createLlm, createStt, createTts, type ModelTruth, type ScriptedStt } from './models.ts';

/** What takes half a minute to say: who talks over it does so in time on a busy machine, too. */
export const LONG_SPEECH: string = `This takes a while to say${', and it goes on'.repeat(35)}.`;

/** What a test can make different. */
export interface ConversationOptions {
  readonly script?: Parameters<typeof createLlm>[1];
  readonly agent?: Agents.voice.Agent;
  readonly tools?: Record<string, unknown>;
  readonly session?: Record<string, unknown>;
  readonly canPause?: boolean;
  /** Of a job, and how to do something within it: what is recorded is uploaded. */
  readonly record?: boolean;
  readonly within?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A session without a room, between a caller and scripted models. */
export interface Conversation {
  readonly session: Agents.voice.AgentSession;
  readonly caller: Caller;
  readonly speaker: Speaker;
  readonly stt: ScriptedStt;
  readonly llm: { truth: ModelTruth[] };
  readonly tts: { truth: ModelTruth[] };
  /** `e2eLatency` of the framework in seconds, of the replies that have one, with their start in milliseconds. */
  readonly reported: readonly { readonly startMs: number; readonly latency: number }[];
  /** Says a recorded utterance of which `words` are understood. */
  say(utterance: string, words: string): ReturnType<Caller['say']>;
  /** Waits until the caller has heard so many replies, the last one to its end. */
  heard(replies: number): Promise<void>;
  /** Waits until the caller hears its so-manieth reply. */
  hearing(replies: number): Promise<void>;
  end(): Promise<void>;
}

/** Starts a session. The models are the framework's own base classes below scripts, so that it measures them itself. */
export async function startConversation(
  agents: typeof Agents,
  {
    script = () => ({ text: 'Yes.' }),
    agent,
    tools,
    session: options,
    canPause,
    record,
    within = (work) => work(),
  }: ConversationOptions = {},
): Promise<Conversation> {
  agents.initializeLogger({ pretty: false, level: process.env.LIVEKIT_TEST_LOG ?? 'silent' });
  const [stt, llm, tts] = [createStt(agents), createLlm(agents, script), createTts(agents)];
  const [caller, speaker] = [createCaller(agents), createSpeaker(agents, { canPause })];
  const session = new agents.voice.AgentSession({
    vad: createEnergyVad(agents),
    stt,
    llm,
    tts,
    turnDetection: 'vad',
    ...options,
  } as never);
  session.input.audio = caller;
  session.output.audio = speaker;
  const reported: { startMs: number; latency: number }[] = [];
  session.on(
    'conversation_item_added' as never,
    ((event: { item: { metrics?: Record<string, number> } }) => {
      const { e2eLatency, startedSpeakingAt } = event.item.metrics ?? {};
      if (e2eLatency !== undefined && startedSpeakingAt !== undefined)
        reported.push({ startMs: startedSpeakingAt * 1_000, latency: e2eLatency });
    }) as never,
  );
  const speaking =
    agent ?? new agents.voice.Agent({ instructions: 'Be brief.', ...(tools && { tools: tools as never }) });
  await within(() => session.start({ agent: speaking, ...(record !== undefined && { record }) }));
  caller.start();
  return {
    session,
    caller,
    speaker,
    stt,
    llm,
    tts,
    reported,
    say: (utterance, words) => {
      stt.transcripts.push(words);
      return caller.say(utterance);
    },
    heard: async (replies) => {
      const over = () => speaker.heard.filter(({ endMs }) => endMs !== undefined).length >= replies;
      await poll(over, { what: `the end of reply ${replies}` });
      await poll(() => session.agentState === 'listening', { what: 'the agent to listen' });
    },
    hearing: async (replies) => {
      await poll(() => speaker.heard.length >= replies, { what: `reply ${replies}` });
    },
    end: async () => {
      caller.hangUp();
      await within(() => session.close());
    },
  };
}

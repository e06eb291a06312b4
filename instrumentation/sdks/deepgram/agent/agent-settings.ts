import type { StageFacts } from '../../../call/stage.ts';
import { type AudioFormat, UNTIMED } from '../../kit/audio-format.ts';
import { at, type Foreign, foreign, text } from '../../kit/patch.ts';
import { billedModel, socketFormat } from '../audio.ts';

/** Who listens, thinks and speaks, and how the agent sounds. */
export interface AgentSettings {
  readonly stt: StageFacts;
  readonly llm: StageFacts;
  readonly tts: StageFacts;
  /** Of the audio that comes. */
  readonly output: AudioFormat;
  /** What the agent opens with. */
  readonly greeting: string | undefined;
}

/** What is known of an agent before anything was set. It hears with Deepgram, whatever else it is. */
export const DEFAULT_SETTINGS: AgentSettings = {
  stt: { provider: 'deepgram', streaming: true },
  llm: {},
  tts: {},
  output: socketFormat({}),
  greeting: undefined,
};

/** Reads a `Settings` message. An agent may also be the id of one that is kept at Deepgram: then little is known. */
export function readSettings(message: unknown): AgentSettings {
  const agent = foreign(at(message, 'agent')) ?? {};
  return {
    stt: listener(agent),
    llm: thinker(agent),
    tts: speaker(agent),
    output: outputFormat(foreign(at(message, 'audio', 'output')) ?? {}),
    greeting: text(agent.greeting),
  };
}

/** Who listens, of `Settings.agent` or an update. */
export function listener({ listen }: Foreign): StageFacts {
  const provider = foreign(at(listen, 'provider')) ?? {};
  return { ...DEFAULT_SETTINGS.stt, model: billedModel(provider) };
}

/** Who thinks, of `Settings.agent` or an update. */
export function thinker({ think }: Foreign): StageFacts {
  const provider = firstProvider(think);
  return { provider: providerName(provider.type), model: text(provider.model), streaming: true };
}

/** Who speaks, of `Settings.agent` or an update. */
export function speaker({ speak }: Foreign): StageFacts {
  const provider = firstProvider(speak);
  const model = text(provider.model) ?? text(provider.model_id) ?? text(provider.engine);
  return { provider: providerName(provider.type), model };
}

/** Several are tried in their order. Which one it was is never told: most often it is the first. */
function firstProvider(settings: unknown): Foreign {
  const first: unknown = Array.isArray(settings) ? settings[0] : settings;
  return foreign(at(first, 'provider')) ?? {};
}

/** Deepgram's names of providers that price lists and other spans call differently. */
const PROVIDERS: Readonly<Record<string, string>> = {
  open_ai: 'openai',
  eleven_labs: 'elevenlabs',
  aws_bedrock: 'aws.bedrock',
  aws_polly: 'aws.polly',
  google: 'gcp.gemini',
};

function providerName(type: unknown): string | undefined {
  const name = text(type);
  return name === undefined ? undefined : (PROVIDERS[name] ?? name);
}

function outputFormat(output: Foreign): AudioFormat {
  return (output.container ?? 'none') === 'none' ? socketFormat(output) : UNTIMED;
}

/**
 * Who runs a model: one table of what spans, SDKs and hosts call them. The names are those that the
 * `gen_ai.provider.name` convention lists, where it lists one. A provider that is known by one name only needs no entry.
 */
interface Provider {
  /**
   * What others call it, in lower case, with `_` for any space, hyphen or underscore. An alias also covers what follows
   * it after a dot: `azure.responses`.
   */
  readonly aliases?: readonly string[];
  /** Domains that it answers at, subdomains included. The longest one that fits counts. */
  readonly hosts?: readonly string[];
}

export const PROVIDERS = {
  anthropic: { aliases: ['claude'], hosts: ['anthropic.com'] },
  assemblyai: { aliases: ['assembly_ai'], hosts: ['assemblyai.com'] },
  'aws.bedrock': {
    aliases: ['amazon_bedrock', 'aws_bedrock', 'awsbedrock', 'bedrock', 'bedrock_converse'],
  },
  'aws.polly': { aliases: ['aws_polly', 'amazon_polly', 'polly'] },
  'aws.transcribe': { aliases: ['aws_transcribe', 'amazon_transcribe'] },
  'azure.ai.inference': {
    aliases: ['az.ai.inference', 'azure_ai_inference', 'microsoft.foundry'],
    hosts: ['services.ai.azure.com', 'models.inference.ai.azure.com'],
  },
  'azure.ai.openai': {
    aliases: ['az.ai.openai', 'azure', 'azure_openai', 'azureopenai'],
    hosts: ['openai.azure.com', 'cognitiveservices.azure.com'],
  },
  'azure.ai.speech': { aliases: ['azure_speech'], hosts: ['speech.microsoft.com'] },
  cartesia: { aliases: ['cartesiahttp', 'cartesiaturns'], hosts: ['cartesia.ai'] },
  cerebras: { hosts: ['cerebras.ai'] },
  cohere: { hosts: ['cohere.ai', 'cohere.com'] },
  deepgram: { aliases: ['deepgramflux', 'deepgramhttp'], hosts: ['deepgram.com'] },
  deepseek: { hosts: ['deepseek.com'] },
  elevenlabs: {
    aliases: ['11labs', 'eleven_labs', 'elevenlabshttp', 'elevenlabsrealtime'],
    hosts: ['elevenlabs.io'],
  },
  fireworks: { aliases: ['fireworks_ai', 'fireworksai'], hosts: ['fireworks.ai'] },
  'gcp.gemini': {
    aliases: [
      'gemini',
      'google',
      'google.generative_ai',
      'google_genai',
      'google_generative_ai',
      'google_generativeai',
      'google_gla',
      'googleai',
      'googlegenerativeai',
    ],
    hosts: ['googleapis.com'],
  },
  'gcp.speech': { aliases: ['google_cloud_speech', 'google_speech'] },
  'gcp.vertex_ai': {
    aliases: [
      'gcp.vertex',
      'google.vertex',
      'google_vertex',
      'google_vertex_ai',
      'google_vertexai',
      'vertex',
      'vertex_ai',
      'vertexai',
    ],
    hosts: ['aiplatform.googleapis.com'],
  },
  gladia: { hosts: ['gladia.io'] },
  groq: { hosts: ['groq.com'] },
  hume: { hosts: ['hume.ai'] },
  'ibm.watsonx.ai': { aliases: ['watsonx', 'watsonx_ai'] },
  livekit: { aliases: ['inference', 'livekit_inference'] },
  mistral_ai: { aliases: ['mistral', 'mistralai'], hosts: ['mistral.ai'] },
  ollama: {},
  openai: { aliases: ['open_ai'], hosts: ['openai.com'] },
  openrouter: { hosts: ['openrouter.ai'] },
  perplexity: { hosts: ['perplexity.ai'] },
  rime: { hosts: ['rime.ai'] },
  soniox: { hosts: ['soniox.com'] },
  speechmatics: { hosts: ['speechmatics.com'] },
  together: { aliases: ['together_ai', 'togetherai'], hosts: ['together.ai', 'together.xyz'] },
  x_ai: { aliases: ['xai'], hosts: ['x.ai'] },
} as const satisfies Record<string, Provider>;

/** A provider that the table has. */
export type ProviderName = keyof typeof PROVIDERS;

const entries: readonly (readonly [name: string, Provider])[] = Object.entries(PROVIDERS);

const BY_NAME: ReadonlyMap<string, string> = new Map(
  entries.flatMap(([name, { aliases = [] }]) => [name, ...aliases].map((alias) => [alias, name])),
);

/** `vertex-ai` and `Vertex AI` are `vertex_ai`. */
const spelled = (name: string): string => name.replace(/[\s_-]+/g, '_');

/** The longest domain first. */
const BY_HOST: readonly (readonly [host: string, provider: string])[] = entries
  .flatMap(([name, { hosts = [] }]) => hosts.map((host) => [host, name] as const))
  .sort(([a], [b]) => b.length - a.length);

/** `deepgram.STT`, `deepgram.STTv2`: the label of a LiveKit plugin; `openai.chat`: a provider and its API in the AI SDK. */
const LABEL =
  /^([\w.-]+)\.((?:stt|tts|llm)(?:v\d+)?|realtimemodel|chat|responses|completion|messages|embedding|image|speech|transcription)$/i;

/** `livekit.plugins.deepgram.stt`: the module of a LiveKit plugin in Python. */
const PLUGIN = /^livekit\.plugins\.(\w+)/i;

/** `tts.StreamAdapter<cartesia.TTS>`, `livekit.agents.tts.fallback_adapter.FallbackAdapter`: what LiveKit puts before one or several. */
const ADAPTER = /^[^<]*Adapter(?:Wrapper)?(?:<(.+)>)?$/s;

/** No provider has a longer name. What a sender makes longer is cut off, so that it costs no time to look up. */
const LONGEST_NAME = 256;

const isUnknown = (name: string): boolean => name === '' || name.toLowerCase() === 'unknown';

/**
 * A provider as the conventions and price lists name it, whatever it was reported as: a name, an alias, a host, a label.
 * What is not in the table is taken as it comes, in lower case. Undefined for what says nothing.
 */
export function providerOf(reported: unknown): string | undefined {
  const given = typeof reported === 'string' ? reported.trim().slice(0, LONGEST_NAME) : '';
  if (isUnknown(given)) return undefined;
  const adapter = ADAPTER.exec(given);
  if (adapter !== null) return providerOf(adapter[1]);
  const name = (PLUGIN.exec(given)?.[1] ?? LABEL.exec(given)?.[1] ?? given).toLowerCase();
  return byName(name) ?? atHost(name) ?? name;
}

/** The provider of the table that is called so, or by one of its aliases; undefined for any other. */
export function providerNamed(name: string): ProviderName | undefined {
  const known = BY_NAME.get(spelled(name.toLowerCase())) ?? name;
  return known in PROVIDERS ? (known as ProviderName) : undefined;
}

/** Who answers at a base URL; undefined for a host that is not in the table, such as a proxy. */
export function providerAt(baseUrl: unknown): string | undefined {
  return typeof baseUrl === 'string' && URL.canParse(baseUrl) ? atHost(new URL(baseUrl).hostname) : undefined;
}

/** A model as reported, without the folder that Google's names have; a label in its place says nothing. */
export const modelOf = (reported: string | undefined): string | undefined =>
  reported === undefined || isUnknown(reported) || isLabel(reported)
    ? undefined
    : reported.replace(/^(?:.*\/)?models\//, '');

const isLabel = (name: string): boolean => LABEL.test(name) || PLUGIN.test(name) || ADAPTER.test(name);

/** The name itself, or the longest part of it before a dot: `google.vertex.anthropic` is Vertex AI. */
function byName(reported: string): string | undefined {
  const name = spelled(reported);
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const known = BY_NAME.get(name.slice(0, end));
    if (known !== undefined) return known;
  }
  return undefined;
}

/** `us-central1-aiplatform.googleapis.com` is a host of Vertex AI too: regions go before a hyphen. */
const atHost = (name: string): string | undefined =>
  BY_HOST.find(
    ([host]) =>
      name === host || name.endsWith(`.${host}`) || (name.endsWith(`-${host}`) && host.split('.').length > 2),
  )?.[1];

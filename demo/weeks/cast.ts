import type { Direction } from '../../model/vocabulary.ts';
import type { Delay } from './chance.ts';

/** Who runs a model, and what it is called. */
export interface ModelName {
  readonly provider: string;
  readonly model: string;
}

export interface LanguageModel extends ModelName {
  /** Request to first token, without a prompt. */
  readonly firstToken: Delay;
  /** Each thousand tokens of the prompt add so much to the median. */
  readonly secondsPerThousandTokens: number;
  readonly tokensPerSecond: number;
  /** Long prompts that were sent before are read from a cache, and priced as such. */
  readonly caches?: boolean;
}

/** Text to speech. */
export interface Voice extends ModelName {
  readonly firstAudio: Delay;
}

/** Speech to text. */
export interface Transcriber extends ModelName {
  /** End of speech to final transcript. */
  readonly finalTranscript: Delay;
}

const LLAMA: LanguageModel = {
  provider: 'groq',
  model: 'llama-3.1-8b-instant',
  firstToken: { medianSeconds: 0.14, sigma: 0.35 },
  secondsPerThousandTokens: 0.02,
  tokensPerSecond: 400,
};
const GPT_MINI: LanguageModel = {
  provider: 'openai',
  model: 'gpt-4.1-mini',
  firstToken: { medianSeconds: 0.33, sigma: 0.45 },
  secondsPerThousandTokens: 0.035,
  tokensPerSecond: 110,
  caches: true,
};
const GPT: LanguageModel = {
  provider: 'openai',
  model: 'gpt-4.1',
  firstToken: { medianSeconds: 0.46, sigma: 0.5 },
  secondsPerThousandTokens: 0.06,
  tokensPerSecond: 80,
  caches: true,
};
const SONIC: Voice = {
  provider: 'cartesia',
  model: 'sonic-2',
  firstAudio: { medianSeconds: 0.11, sigma: 0.3 },
};
const FLASH: Voice = {
  provider: 'elevenlabs',
  model: 'eleven_flash_v2_5',
  firstAudio: { medianSeconds: 0.19, sigma: 0.4 },
};
const NOVA: Transcriber = {
  provider: 'deepgram',
  model: 'nova-3',
  finalTranscript: { medianSeconds: 0.12, sigma: 0.35 },
};
const UNIVERSAL: Transcriber = {
  provider: 'assemblyai',
  model: 'universal-streaming',
  finalTranscript: { medianSeconds: 0.16, sigma: 0.3 },
};

/** How the people who speak a language pause inside what they say. */
export interface Pauses {
  /** On average in one utterance. */
  readonly perUtterance: number;
  readonly length: Delay;
}

export const PAUSES = {
  en: { perUtterance: 0.6, length: { medianSeconds: 0.25, sigma: 0.5 } },
  de: { perUtterance: 0.8, length: { medianSeconds: 0.32, sigma: 0.5 } },
  es: { perUtterance: 0.5, length: { medianSeconds: 0.22, sigma: 0.45 } },
} as const satisfies Record<string, Pauses>;
export type Language = keyof typeof PAUSES;

/** What a version of an agent is made of: all that a change can change. */
export interface Version {
  readonly version: string;
  readonly stt: Transcriber;
  readonly llm: LanguageModel;
  readonly tts: Voice;
  /** How long it waits after the user's voice for the user to go on. */
  readonly endpointingSeconds: number;
  /** Own code between the commit and the request. */
  readonly preparationSeconds: number;
  /** Of calls whose outcome is known and that a person answered. */
  readonly successRate: number;
}

export interface Agent {
  readonly name: string;
  /** Of all calls, by weight. */
  readonly weight: number;
  readonly direction: Direction;
  readonly transport: 'twilio' | 'webrtc';
  /** The stretches of the user's voice are spans of their own, as LiveKit's framework writes them. */
  readonly showsVoice: boolean;
  readonly campaigns: readonly string[];
  readonly languages: readonly (readonly [weight: number, Language])[];
  /** Tokens of the prompt before anyone has spoken. */
  readonly promptTokens: number;
  /** Exchanges of a call, on average. */
  readonly turns: number;
  /** Turns in which a tool is called. */
  readonly toolRate: number;
  readonly tool: string;
  /** Something is said while the tool runs. */
  readonly filler: boolean;
  /** Answers that the user interrupts. */
  readonly bargeInRate: number;
  /** Requests to the model that fail, and are made again. */
  readonly errorRate: number;
  /** What runs, and what replaces it: from the middle of the time on in half of the calls. */
  readonly versions: readonly [a: Version, b: Version];
}

const FRONT_DESK: Version = {
  version: '1.4.0',
  stt: NOVA,
  llm: GPT_MINI,
  tts: SONIC,
  endpointingSeconds: 0.4,
  preparationSeconds: 0.2,
  successRate: 0.82,
};
const SUPPORT: Version = {
  version: '2.3.0',
  stt: UNIVERSAL,
  llm: GPT,
  tts: FLASH,
  endpointingSeconds: 0.45,
  preparationSeconds: 0.03,
  successRate: 0.7,
};
const REMINDERS: Version = {
  version: '0.9.0',
  stt: NOVA,
  llm: LLAMA,
  tts: SONIC,
  endpointingSeconds: 0.6,
  preparationSeconds: 0.02,
  successRate: 0.75,
};

/** Three agents, each with a change of another kind: own code, the model, a setting. */
export const CAST: readonly Agent[] = [
  {
    name: 'front-desk',
    weight: 5,
    direction: 'inbound',
    transport: 'twilio',
    showsVoice: false,
    campaigns: ['bistro', 'trattoria'],
    languages: [[1, 'en']],
    promptTokens: 700,
    turns: 5,
    toolRate: 0.2,
    tool: 'book_table',
    filler: false,
    bargeInRate: 0.06,
    errorRate: 0.005,
    versions: [FRONT_DESK, { ...FRONT_DESK, version: '1.5.0', preparationSeconds: 0.05 }],
  },
  {
    name: 'support',
    weight: 3,
    direction: 'web',
    transport: 'webrtc',
    showsVoice: true,
    campaigns: ['help'],
    languages: [
      [2, 'en'],
      [1, 'de'],
    ],
    promptTokens: 2_400,
    turns: 6,
    toolRate: 0.35,
    tool: 'find_order',
    filler: true,
    bargeInRate: 0.09,
    errorRate: 0.01,
    versions: [SUPPORT, { ...SUPPORT, version: '2.4.0', llm: GPT_MINI }],
  },
  {
    name: 'reminders',
    weight: 2,
    direction: 'outbound',
    transport: 'twilio',
    showsVoice: true,
    campaigns: ['spring-recall', 'autumn-recall'],
    languages: [
      [1, 'en'],
      [1, 'es'],
    ],
    promptTokens: 450,
    turns: 3,
    toolRate: 0.1,
    tool: 'confirm_appointment',
    filler: false,
    bargeInRate: 0.05,
    errorRate: 0.005,
    versions: [REMINDERS, { ...REMINDERS, version: '0.10.0', endpointingSeconds: 0.3 }],
  },
];

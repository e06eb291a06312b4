import {
  type CartesiaOptions,
  type CartesiaSimulator,
  startCartesiaSimulator,
} from './simulators/cartesia.ts';
import { type ChatOptions, type ChatSimulator, startChatSimulator } from './simulators/chat.ts';
import {
  type DeepgramOptions,
  type DeepgramSimulator,
  startDeepgramSimulator,
} from './simulators/deepgram.ts';

/** How the providers behave. */
export interface ProvidersOptions {
  /** Seed of every delay. (Default: 1.) */
  readonly seed?: number | undefined;
  readonly deepgram?: DeepgramOptions | undefined;
  readonly chat?: ChatOptions | undefined;
  readonly cartesia?: CartesiaOptions | undefined;
}

/** Simulated providers on loopback. */
export interface Providers {
  readonly deepgram: DeepgramSimulator;
  readonly chat: ChatSimulator;
  readonly cartesia: CartesiaSimulator;
  /** What an agent needs in its environment to use them; the keys open nothing. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts the Deepgram, Groq, OpenAI and Cartesia simulators. */
export async function startProviders({ seed = 1, ...options }: ProvidersOptions = {}): Promise<Providers> {
  const [deepgram, chat, cartesia] = await Promise.all([
    startDeepgramSimulator({ seed, ...options.deepgram }),
    startChatSimulator({ seed, ...options.chat }),
    startCartesiaSimulator({ seed, ...options.cartesia }),
  ]);
  return {
    deepgram,
    chat,
    cartesia,
    env: {
      DEEPGRAM_API_KEY: 'simulated',
      GROQ_API_KEY: 'simulated',
      CARTESIA_API_KEY: 'simulated',
      DEEPGRAM_URL: deepgram.wsUrl,
      GROQ_BASE_URL: chat.url,
      OPENAI_API_KEY: 'simulated',
      OPENAI_BASE_URL: `${chat.url}/v1`,
      CARTESIA_BASE_URL: cartesia.url,
    },
    close: async () => {
      await Promise.all([deepgram.close(), chat.close(), cartesia.close()]);
    },
  };
}

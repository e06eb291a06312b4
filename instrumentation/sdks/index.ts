import { sdks as ai } from './ai/index.ts';
import { sdks as anthropic } from './anthropic/index.ts';
import { sdks as assemblyai } from './assemblyai/index.ts';
import { sdks as aws } from './aws/index.ts';
import { sdks as azure } from './azure/index.ts';
import { sdks as cartesia } from './cartesia/index.ts';
import { sdks as cerebras } from './cerebras/index.ts';
import { sdks as cohere } from './cohere/index.ts';
import { sdks as deepgram } from './deepgram/index.ts';
import { sdks as elevenlabs } from './elevenlabs/index.ts';
import { sdks as fetch, loadRequests } from './fetch/index.ts';
import { sdks as genai } from './genai/index.ts';
import { sdks as gladia } from './gladia/index.ts';
import { sdks as google } from './google/index.ts';
import { sdks as groq } from './groq/index.ts';
import { sdks as hume } from './hume/index.ts';
import type { SdkInstrumentation, SupportedSdk } from './kit/sdk.ts';
import { sdks as livekit } from './livekit/index.ts';
import { sdks as mistral } from './mistral/index.ts';
import { sdks as ollama } from './ollama/index.ts';
import { sdks as openai } from './openai/index.ts';
import { sdks as openrouter } from './openrouter/index.ts';
import { sdks as plivo } from './plivo/index.ts';
import { sdks as signalwire } from './signalwire/index.ts';
import { loadBrowserSockets, sdks as sockets } from './sockets/index.ts';
import { sdks as telnyx } from './telnyx/index.ts';
import { sdks as together } from './together/index.ts';
import { followTwilioCallbacks, sdks as twilio } from './twilio/index.ts';
import { sdks as vonage } from './vonage/index.ts';

/** The folders of providers. What is said of an SDK stands in its folder's `index.ts` and Markdown, and nowhere else. */
const FOLDERS = {
  livekit,
  ai,
  twilio,
  telnyx,
  plivo,
  vonage,
  signalwire,
  openai,
  genai,
  deepgram,
  assemblyai,
  cartesia,
  elevenlabs,
  anthropic,
  groq,
  cerebras,
  together,
  mistral,
  openrouter,
  cohere,
  ollama,
  aws,
  google,
  azure,
  hume,
  gladia,
  sockets,
  fetch,
};

type Folder = keyof typeof FOLDERS;
type Names<Entry> = Entry extends { readonly byHand: infer Functions } ? keyof Functions & string : never;
/** The functions of `earshot/instrument`. */
export type ByHandName = Names<(typeof FOLDERS)[Folder][number]>;

/** An SDK that is instrumented without a line of code, and the folder that says how. */
export interface InstrumentedSdk extends SupportedSdk, SdkInstrumentation {
  readonly folder: string;
}

/** Follows what carriers post to the application, whatever it is written with. */
export const followCallbacks = (): void => followTwilioCallbacks();

export { loadBrowserSockets, loadRequests };

/** Every SDK that is instrumented without a line of code. No file that patches one is loaded before the SDK is. */
export const SDKS: readonly InstrumentedSdk[] = Object.entries<readonly SupportedSdk[]>(FOLDERS).flatMap(
  ([folder, sdks]) =>
    sdks.map((sdk) => ({
      ...sdk,
      folder,
      patch: (moduleExports, version) => sdk.load(moduleExports)(moduleExports, version),
    })),
);

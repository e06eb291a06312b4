import { cartesia } from './cartesia.ts';
import { groqSdk, openai } from './chat-completions.ts';
import { deepgram } from './deepgram.ts';
import type { SdkInstrumentation } from './sdk.ts';
import { twilioMediaStreams } from './twilio-media-streams.ts';

/** Every SDK that is instrumented without a line of code. */
export const SDKS: readonly SdkInstrumentation[] = [groqSdk, openai, deepgram, cartesia, twilioMediaStreams];

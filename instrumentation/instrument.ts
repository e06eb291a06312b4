/**
 * Instruments SDKs by hand: for applications whose bundler puts the SDKs into one file, where no hook sees them being
 * loaded. Each function takes what the application has made of the SDK, patches its class once, and gives it back:
 *
 * ```js
 * import { instrumentGroq } from 'earshot/instrument';
 * const groq = instrumentGroq(new Groq());
 * ```
 *
 * It is no harm where the hooks have done it already. What is no client of that SDK is one warning, and stays as it is.
 * earshot itself must stay outside of the bundle (`external`), so that it is there once.
 */
import { diag } from '@opentelemetry/api';
import { patchCartesia } from './sdks/cartesia.ts';
import { patchGroqChat, patchOpenAiChat } from './sdks/chat-completions.ts';
import { patchDeepgram } from './sdks/deepgram.ts';
import { patchLiveKit } from './sdks/livekit.ts';
import { foreign, wrapCount } from './sdks/patch.ts';
import { patchTwilioMediaStreams } from './sdks/twilio-media-streams.ts';

/** Takes a client, or its class, and gives it back. */
type Instrument = <Client extends object>(client: Client) => Client;

/** `new Groq()` of groq-sdk. */
export const instrumentGroq: Instrument = byClass('groq-sdk', 'Groq', patchGroqChat);
/** `new OpenAI()` of openai. */
export const instrumentOpenAI: Instrument = byClass('openai', 'OpenAI', patchOpenAiChat);
/** `new DeepgramClient()` of @deepgram/sdk. */
export const instrumentDeepgram: Instrument = byClass('@deepgram/sdk', 'DeepgramClient', patchDeepgram);
/** `new Cartesia()` of @cartesia/cartesia-js. */
export const instrumentCartesia: Instrument = byClass('@cartesia/cartesia-js', 'Cartesia', patchCartesia);
/**
 * `import * as agents from '@livekit/agents'`, as a whole: rows are made of earshot's spans alone then. Of one
 * `new voice.AgentSession()`, LiveKit's own spans would make a second call where they reach the same exporter.
 */
export const instrumentLiveKit: Instrument = (agents) => {
  if (!foreign(agents)?.voice) return liveKitSession(agents);
  patchLiveKit(agents);
  return agents;
};
/** `new WebSocketServer()` of ws, which serves Twilio Media Streams. */
export const instrumentTwilioMediaStreams: Instrument = byClass(
  'ws',
  'WebSocketServer',
  patchTwilioMediaStreams,
);

const liveKitSession: Instrument = byClass('@livekit/agents', 'AgentSession', patchLiveKit);

/** Patches the class of what it is given as if a module had exported it under `exportName`. */
function byClass(
  packageName: string,
  exportName: string,
  patch: (moduleExports: unknown) => void,
): Instrument {
  return (client) => {
    const exported = typeof client === 'function' ? client : foreign(client)?.constructor;
    const found = wrapCount();
    patch({ [exportName]: exported });
    if (wrapCount() === found)
      diag.warn(
        `earshot: saw ${describe(client)}, expected a ${exportName} of ${packageName}, or its class; nothing is instrumented.`,
      );
    return client;
  };
}

function describe(value: unknown): string {
  const name = typeof value === 'function' ? value.name : foreign(value)?.constructor;
  return typeof name === 'function' ? `an instance of ${name.name || 'a class'}` : `${name ?? typeof value}`;
}

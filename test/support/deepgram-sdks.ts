import { createRequire } from 'node:module';
import * as namespace from '@deepgram/sdk';
import { DeepgramClient } from '@deepgram/sdk';
import * as oldest from 'deepgram-sdk-oldest';

type Sdk = { readonly DeepgramClient: typeof DeepgramClient };

const commonJs = createRequire(import.meta.url)('@deepgram/sdk') as Sdk;

/** The builds of the newest SDK, and the oldest one that is supported: what is patched, and the client that it has. */
export const DEEPGRAM_SDKS = [
  { name: '@deepgram/sdk from ESM', exports: namespace as unknown as Sdk, Client: DeepgramClient },
  { name: '@deepgram/sdk from CommonJS', exports: commonJs, Client: commonJs.DeepgramClient },
  {
    name: '@deepgram/sdk 5.0',
    exports: oldest as unknown as Sdk,
    Client: oldest.DeepgramClient as unknown as typeof DeepgramClient,
  },
] as const;

/** The environment of a client that speaks to simulators alone. */
export const deepgramEnvironment = ({ url, wsUrl }: { readonly url: string; readonly wsUrl?: string }) =>
  ({ base: url, production: wsUrl ?? url, agent: wsUrl ?? url, agentRest: url }) as never;

import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    uses: { telephony: 'serving Vonage WebSockets' },
    byHand: { instrumentVonageMediaStreams: 'WebSocketServer' },
    load: () => (file('./vonage.js') as typeof import('./vonage.ts')).patchVonageMediaStreams,
  },
] as const satisfies readonly SupportedSdk[];

import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    uses: { telephony: 'serving Telnyx media streams' },
    byHand: { instrumentTelnyxMediaStreams: 'WebSocketServer' },
    load: () => (file('./telnyx.js') as typeof import('./telnyx.ts')).patchTelnyxMediaStreams,
  },
] as const satisfies readonly SupportedSdk[];

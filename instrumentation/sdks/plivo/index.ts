import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    uses: { telephony: 'serving Plivo audio streams' },
    byHand: { instrumentPlivoMediaStreams: 'WebSocketServer' },
    load: () => (file('./plivo.js') as typeof import('./plivo.ts')).patchPlivoMediaStreams,
  },
] as const satisfies readonly SupportedSdk[];

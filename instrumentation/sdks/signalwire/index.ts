import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    uses: { telephony: 'serving SignalWire media streams' },
    byHand: { instrumentSignalWireMediaStreams: 'WebSocketServer' },
    load: () => (file('./signalwire.js') as typeof import('./signalwire.ts')).patchSignalWireMediaStreams,
  },
] as const satisfies readonly SupportedSdk[];

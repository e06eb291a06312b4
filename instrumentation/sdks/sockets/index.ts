import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

/** Loads the file that follows sockets of a class as browsers have it, such as the global `WebSocket`. */
export const loadBrowserSockets = () =>
  (file('./sockets.js') as typeof import('./sockets.ts')).patchBrowserSockets;

export const sdks = [
  {
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    uses: {
      'speech to speech': 'raw sockets',
      'speech-to-text': 'raw sockets',
      'text-to-speech': 'raw sockets',
    },
    byHand: { instrumentSockets: 'WebSocket' },
    load: () => (file('./sockets.js') as typeof import('./sockets.ts')).patchSockets,
  },
] as const satisfies readonly SupportedSdk[];

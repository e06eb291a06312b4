import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

/** Loads what follows requests that no SDK makes. */
export const loadRequests = () => ({
  ...(file('./undici.js') as typeof import('./undici.ts')),
  ...(file('./http.js') as typeof import('./http.ts')),
});

export const sdks = [
  {
    packageName: 'fetch',
    // Node publishes what it does: there is no module to hook.
    modules: [],
    supportedVersions: [],
    uses: {
      'speech-to-text': 'requests without an SDK',
      'language models': 'requests without an SDK',
      'text-to-speech': 'requests without an SDK',
    },
    byHand: {},
    load: () => () => {},
  },
] as const satisfies readonly SupportedSdk[];

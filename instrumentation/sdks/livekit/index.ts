import { createRequire } from 'node:module';
import { at, classOf } from '../kit/patch.ts';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: '@livekit/agents',
    supportedVersions: ['>=1.4.0 <2'],
    uses: { frameworks: '' },
    byHand: {
      instrumentLiveKit: {
        takes: 'the module @livekit/agents, or an AgentSession of it',
        // Of a session alone, LiveKit's own spans would make a second call where they reach the same exporter.
        exportsOf: (agents) => (at(agents, 'voice') ? agents : { AgentSession: classOf(agents) }),
      },
    },
    load: () => (file('./livekit.js') as typeof import('./livekit.ts')).patchLiveKit,
  },
] as const satisfies readonly SupportedSdk[];

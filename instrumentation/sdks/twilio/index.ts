import { createRequire } from 'node:module';
import type { SupportedSdk } from '../kit/sdk.ts';

const file = createRequire(import.meta.url);

export const sdks = [
  {
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    uses: { telephony: 'serving Twilio Media Streams' },
    byHand: { instrumentTwilioMediaStreams: 'WebSocketServer' },
    load: () => (file('./twilio.js') as typeof import('./twilio.ts')).patchTwilioMediaStreams,
  },
] as const satisfies readonly SupportedSdk[];

import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { guard } from '../../call/spans.ts';
import type { SupportedSdk } from '../kit/sdk.ts';
import type * as StatusCallbacks from './status-callbacks.ts';

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

let isFollowing = false;

/**
 * Follows what Twilio posts to the application, on any server of `node:http`. Of other requests a header is looked at, and
 * nothing is loaded for them.
 */
export function followTwilioCallbacks(): void {
  if (isFollowing) return;
  isFollowing = true;
  subscribe('http.server.request.start', (exchange) =>
    guard('following a callback', () => {
      const { request } = exchange as { request: IncomingMessage };
      if (request.method !== 'POST' || request.headers['x-twilio-signature'] === undefined) return;
      (file('./status-callbacks.js') as typeof StatusCallbacks).followCallback(request);
    }),
  );
}

import { patchMediaStreams } from '../kit/telephony/media-streams.ts';
import { isUuid, twilioShaped } from '../kit/telephony/twilio-shaped.ts';

/** Twilio Media Streams, and others that have the same protocol: ids that are bare UUIDs are SignalWire's. */
export const TWILIO = twilioShaped('twilio', (callId) => !isUuid(callId));

/** Twilio Media Streams, on the server side of `ws` 8. */
export const patchTwilioMediaStreams = (moduleExports: unknown): void =>
  patchMediaStreams(moduleExports, TWILIO);

import { patchMediaStreams } from '../kit/telephony/media-streams.ts';
import { isUuid, twilioShaped } from '../kit/telephony/twilio-shaped.ts';

/** SignalWire speaks the protocol of Twilio Media Streams. Its ids are bare UUIDs, where Twilio's are `CA…`. */
const SIGNALWIRE = twilioShaped('signalwire', isUuid);

/** SignalWire's media streams (`<Stream>`), on the server side of `ws` 8. */
export const patchSignalWireMediaStreams = (moduleExports: unknown): void =>
  patchMediaStreams(moduleExports, SIGNALWIRE);

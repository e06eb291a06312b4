import { nowMs } from '../../call/clock.ts';
import { base64Bytes } from '../kit/base64.ts';
import { foreign } from '../kit/patch.ts';
import type { RealtimeConnection } from './realtime-connection.ts';

const AUDIO = '{"type":"input_audio_buffer.append"';
/** What is longer is a picture. */
const MAX_EVENT_LENGTH = 1_000_000;

/** An event that the application sends, as it is on the wire. Audio is measured and not parsed. */
export function sendEvent(data: unknown, connection: RealtimeConnection): void {
  if (typeof data !== 'string') return;
  if (data.startsWith(AUDIO)) {
    const key = data.indexOf('"audio":"', AUDIO.length);
    const start = key + 9;
    const end = key < 0 ? -1 : data.indexOf('"', start);
    if (end >= 0) connection.audioSent(base64Bytes(data, start, end), nowMs());
  } else if (data.length <= MAX_EVENT_LENGTH) {
    const event = foreign(JSON.parse(data));
    if (event) connection.client(event, nowMs());
  }
}

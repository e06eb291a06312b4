import { readWavHeader } from '../kit/audio-format.ts';
import type { FollowRaw } from '../kit/raw/protocol.ts';
import { readAzureMessage } from './messages.ts';
import { AzureRecognition } from './recognition.ts';
import { AzureSynthesis } from './synthesis.ts';

// Azure's sockets, of its SDK too, which is followed by them.

const followRecognition: FollowRaw = ({ opened }) => {
  let connection: AzureRecognition | undefined;
  return {
    get context() {
      return connection?.context ?? opened;
    },
    opened: () => {},
    sent: (data, atMs) => {
      const message = typeof data === 'string' ? undefined : readAzureMessage(data);
      if (message?.path !== 'audio') return;
      const { bytes } = message;
      const header = connection ? undefined : readWavHeader(bytes);
      if (!connection) {
        // The header stands in front of the first audio.
        connection = new AzureRecognition(header?.bytesPerSecond, opened);
        connection.opened();
      }
      connection.sent(bytes.length - (header?.headerBytes ?? 0), atMs);
    },
    received: (data, atMs) => connection?.message(data, atMs),
    closed: (code) => connection?.closed(code),
  };
};

const followSynthesis: FollowRaw = ({ opened }) => {
  const connection = new AzureSynthesis(opened);
  return {
    get context() {
      return connection.context;
    },
    opened: () => {},
    sent: (data) => connection.sent(data),
    received: (data) => connection.received(data),
    closed: (code) => connection.closed(code),
  };
};

/** Who follows each of them. */
export const FOLLOW = { recognition: followRecognition, synthesis: followSynthesis };

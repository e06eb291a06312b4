import { base64Bytes } from '../kit/base64.ts';
import { parseJson } from '../kit/json.ts';
import { text } from '../kit/patch.ts';
import { parameters } from '../kit/raw/connections.ts';
import type { FollowRaw } from '../kit/raw/protocol.ts';
import { ScribeConnection } from './scribe.ts';
import { ElevenLabsSocket } from './socket.ts';

// ElevenLabs' sockets, as applications open them themselves: its SDK has none for synthesis.

const followStreamInput: FollowRaw = ({ url, opened }) => {
  const socket = new ElevenLabsSocket(url, opened);
  return {
    get context() {
      return socket.context;
    },
    opened: () => {},
    sent: (data) => socket.sent(parseJson(String(data))),
    received: (data) => socket.received(data),
    closing: () => socket.closing(),
    closed: (code) => socket.closed(code),
  };
};

const followScribe: FollowRaw = ({ url, opened }) => {
  const query = parameters(url);
  const scribe = new ScribeConnection(
    {
      modelId: query.model_id,
      audioFormat: query.audio_format,
      includeTimestamps: query.include_timestamps === 'true',
      commitStrategy: query.commit_strategy,
      vadSilenceThresholdSecs: Number(query.vad_silence_threshold_secs || Number.NaN),
    },
    opened,
  );
  return {
    get context() {
      return scribe.context;
    },
    opened: () => scribe.opened(),
    sent: (data, atMs) => {
      const message = parseJson(data);
      if (message?.message_type !== 'input_audio_chunk') return;
      scribe.sent(base64Bytes(text(message.audio_base_64) ?? ''), atMs);
      if (message.commit === true) scribe.commits(atMs);
    },
    received: (data, atMs) => scribe.message(parseJson(data), atMs),
    closed: (code) => scribe.closed(code),
  };
};

/** Who follows each of them. */
export const FOLLOW = {
  streamInput: followStreamInput,
  scribe: followScribe,
};

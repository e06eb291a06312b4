import { listening, parameters } from '../kit/raw/connections.ts';
import type { FollowRaw } from '../kit/raw/protocol.ts';
import { StreamingSession } from './streaming.ts';

/** AssemblyAI's streaming, as applications open it themselves. */
const followStreaming: FollowRaw = ({ url, opened }) => {
  const query = parameters(url);
  const session = new StreamingSession(
    { speechModel: query.speech_model, encoding: query.encoding, sampleRate: query.sample_rate },
    opened,
  );
  return listening(session, {
    closed: (code) => session.closed(code),
    // It counts from `Begin`, or from the first audio.
    opened: () => {},
  });
};

/** Who follows each of them. */
export const FOLLOW = {
  streaming: followStreaming,
};

// Speech to text and text to speech: both ElevenLabs.
import { AudioFormat, CommitStrategy, ElevenLabsClient, RealtimeEvents } from '@elevenlabs/elevenlabs-js';

const baseUrl = process.env.ELEVENLABS_BASE_URL;
const elevenlabs = new ElevenLabsClient({ ...(baseUrl && { baseUrl }) });
const voice = process.env.ELEVENLABS_VOICE_ID ?? 'JBFqnCBsd6RMkjVDRZzb';

// Calls `onWords` when the caller has begun to say something, and `onUtterance` with the whole of it.
export async function listen({ onWords, onUtterance }) {
  const connection = await elevenlabs.speechToText.realtime.connect({
    modelId: 'scribe_v2_realtime',
    audioFormat: AudioFormat.ULAW_8000,
    sampleRate: 8000,
    commitStrategy: CommitStrategy.VAD,
    vadSilenceThresholdSecs: 0.4,
    includeTimestamps: true,
  });
  connection.on(RealtimeEvents.PARTIAL_TRANSCRIPT, ({ text }) => text && onWords());
  connection.on(RealtimeEvents.COMMITTED_TRANSCRIPT, ({ text }) => text && onUtterance(text));
  connection.on(RealtimeEvents.ERROR, (error) =>
    console.error(`Scribe: ${error.message ?? error.message_type}`),
  );
  await new Promise((resolve) => connection.on(RealtimeEvents.SESSION_STARTED, resolve));
  return connection;
}

// The audio of one sentence, as it is made.
export const speak = (text, abortSignal) =>
  elevenlabs.textToSpeech.stream(
    voice,
    { text, modelId: 'eleven_flash_v2_5', outputFormat: 'ulaw_8000' },
    { abortSignal },
  );

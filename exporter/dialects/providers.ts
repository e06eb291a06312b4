/** Hosts and display names that stand for a provider. What is not here is taken as it comes, in lower case. */
const KNOWN: Readonly<Record<string, string>> = {
  'api.openai.com': 'openai',
  'api.groq.com': 'groq',
  'api.anthropic.com': 'anthropic',
  'api.deepgram.com': 'deepgram',
  'api.cartesia.ai': 'cartesia',
  'api.elevenlabs.io': 'elevenlabs',
  'eleven labs': 'elevenlabs',
};

/** `deepgram.STT`, `tone.TTS`: the label of a LiveKit plugin; `openai.chat`: a provider and its API in the AI SDK. */
const LABEL =
  /^([a-z0-9_-]+)\.(stt|tts|llm|realtimemodel|chat|responses|completion|messages|embedding|speech|transcription)$/i;

const isUnknown = (name: string): boolean => name.toLowerCase() === 'unknown';

/** A provider as price lists name it: lower case, without the API or the class that it was reported with. */
export function providerOf(reported: string | undefined): string | undefined {
  if (reported === undefined || isUnknown(reported)) return undefined;
  const name = (LABEL.exec(reported)?.[1] ?? reported).toLowerCase();
  return KNOWN[name] ?? name;
}

/** A model as reported; a label in its place says nothing. */
export const modelOf = (reported: string | undefined): string | undefined =>
  reported === undefined || isUnknown(reported) || LABEL.test(reported) ? undefined : reported;

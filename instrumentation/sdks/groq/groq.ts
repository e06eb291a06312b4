import { patchSister } from '../openai/sisters.ts';

/** `groq-sdk`: chat completions, speech and transcription, whose methods are those of OpenAI. */
export const patchGroq = patchSister({ packageName: 'groq-sdk', client: 'Groq', provider: 'groq' });

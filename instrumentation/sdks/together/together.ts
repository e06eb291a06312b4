import { patchSister } from '../openai/sisters.ts';

/** `together-ai`: chat completions, speech and transcription, whose methods are those of OpenAI. */
export const patchTogether = patchSister({
  packageName: 'together-ai',
  client: 'Together',
  provider: 'together',
});

import type { Usage } from '../../../model/facts.ts';

/** The quantities that are known; undefined when none is. */
export function known(usage: { readonly [Unit in keyof Usage]: Usage[Unit] | undefined }): Usage | undefined {
  const quantities = Object.entries(usage).filter(([, quantity]) => quantity !== undefined);
  return quantities.length === 0 ? undefined : (Object.fromEntries(quantities) as Usage);
}

/** English text has about four characters a token with the tokenisers of today's models. */
const CHARACTERS_PER_TOKEN = 4;

/** Tokens of a text that nobody counted: a quarter of its characters, rounded up. `Hello there` gives 3. */
export const estimateTokens = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

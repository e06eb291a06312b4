const STAGES: Readonly<Record<string, string>> = {
  stt: 'speech-to-text',
  llm: 'language model',
  tts: 'text-to-speech',
  telephony: 'telephony',
  livekit: 'LiveKit',
};

/** What was not seen at all has no model whose price could be missing. */
const UNSEEN = ':unknown';

/**
 * What had no price, in words. `tts:unknown` is a synthesis that must have been there and that nothing reported;
 * `tts:cartesia/sonic-9` a model that no price list has.
 */
export function unpricedInWords(name: string): string {
  const [stage = name] = name.split(':');
  const what = STAGES[stage] ?? stage;
  return name.endsWith(UNSEEN)
    ? `${what} that was not seen (${name})`
    : `${name.slice(stage.length + 1)} as ${what}`;
}

/** How to get the price of what was not seen or is not known. */
export function unpricedCure(names: readonly string[]): string {
  const unseen = names.filter((name) => name.endsWith(UNSEEN)).length;
  const cures = [
    ...(unseen > 0 ? ['docs/sdks.md says what is seen of which SDK'] : []),
    ...(unseen < names.length ? ['docs/pricing.md says how to add a price'] : []),
  ];
  return cures.join('; ');
}

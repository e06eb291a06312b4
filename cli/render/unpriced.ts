const STAGES: Readonly<Record<string, string>> = {
  stt: 'speech-to-text',
  llm: 'language model',
  tts: 'text-to-speech',
  telephony: 'telephony',
  livekit: 'LiveKit',
};

/** What was not seen at all has no model whose price could be missing. */
const isUnseen = (name: string) => name.endsWith(':unknown');
const MOST_NAMED = 5;

/**
 * What is `unpriced`, in words. `tts:unknown` is a synthesis that must have been there and that nothing reported;
 * `tts:cartesia/sonic-9` a model that no price list has, or whose usage is not known: a row does not tell which.
 *
 * @param where - `for`, of the call that is shown; `in 2 calls:`, of several
 */
export function unpricedText(names: readonly string[], where: string): string {
  const unseen = names.filter(isUnseen);
  const cures = [
    ...(unseen.length > 0 ? [`${unseen.join(', ')}: docs/sdks.md says what is seen of which SDK`] : []),
    ...(unseen.length < names.length ? ['docs/pricing.md says why, and how to add a price'] : []),
  ];
  const more = names.length > MOST_NAMED ? ', …' : '';
  return `no price, or no usage, ${where} ${names.slice(0, MOST_NAMED).map(inWords).join(', ')}${more} (${cures.join('; ')})`;
}

function inWords(name: string): string {
  const [stage = name] = name.split(':');
  const what = STAGES[stage] ?? stage;
  return isUnseen(name) ? `${what} that was not seen` : `${name.slice(stage.length + 1)} as ${what}`;
}

/** Who answers at a base URL. The names are those of the `gen_ai.provider.name` convention where it has one. */
const PROVIDERS: readonly (readonly [host: RegExp, provider: string])[] = [
  [/(^|\.)(openai|cognitiveservices)\.azure\.com$/, 'azure.ai.openai'],
  [/(^|\.)(services\.ai|models\.inference\.ai)\.azure\.com$/, 'azure.ai.inference'],
  [/(^|\.)groq\.com$/, 'groq'],
  [/(^|\.)deepseek\.com$/, 'deepseek'],
  [/(^|\.)mistral\.ai$/, 'mistral_ai'],
  [/(^|\.)perplexity\.ai$/, 'perplexity'],
  [/(^|\.)x\.ai$/, 'x_ai'],
  [/(^|\.)googleapis\.com$/, 'gcp.gemini'],
  [/(^|\.)anthropic\.com$/, 'anthropic'],
  [/(^|\.)cerebras\.ai$/, 'cerebras'],
  [/(^|\.)together\.(xyz|ai)$/, 'together'],
  [/(^|\.)fireworks\.ai$/, 'fireworks'],
  [/(^|\.)openrouter\.ai$/, 'openrouter'],
];

/**
 * The provider behind the base URL of an OpenAI client. A host that is not known (a proxy, a server of one's own)
 * counts as `openai`: it is the protocol that is known.
 */
export function providerOf(baseUrl: unknown): string {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  return PROVIDERS.find(([host]) => url && host.test(url.hostname))?.[1] ?? 'openai';
}

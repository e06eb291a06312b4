/**
 * The names under which a price list may have a model: as it was reported, and without what says where it runs rather
 * than which it is. Lower case, most literal first.
 *
 * `models/gemini-2.5-flash` → `gemini-2.5-flash`; `us.anthropic.claude-haiku-4-5-20251001-v1:0` →
 * `anthropic.claude-haiku-4-5-20251001-v1:0`; `openai/gpt-4o` of the provider `openai` → `gpt-4o`.
 *
 * @param providers - the names of the provider that reported it
 */
export function modelNames(reported: string, providers: readonly string[]): readonly string[] {
  const name = reported.trim().toLowerCase();
  const names = new Set([name]);
  // Resource names: `models/X`, `projects/P/locations/L/publishers/google/models/X`, `arn:aws:bedrock:…/X`.
  const resource = /(?:^|\/)models\/(.+)$/s.exec(name)?.[1] ?? /^arn:.*\/([^/]+)$/.exec(name)?.[1] ?? name;
  names.add(resource);
  // A geographic inference profile of Bedrock costs what the region costs.
  names.add(resource.replace(/^(?:us|us-gov|eu|apac|au|jp|ca|sa)\.(?=[a-z0-9-]+\.)/, ''));
  const slash = resource.indexOf('/');
  if (slash > 0 && providers.includes(resource.slice(0, slash))) names.add(resource.slice(slash + 1));
  return [...names];
}

/** A gateway's model: `openai/gpt-4.1-mini` is `gpt-4.1-mini` of `openai`. Undefined when it names no vendor. */
export function vendorOf(model: string): { provider: string; model: string } | undefined {
  const [, provider, name] = /^([^/]+)\/(.+)$/.exec(model.trim()) ?? [];
  return provider !== undefined && name !== undefined ? { provider, model: name } : undefined;
}

import { providerOf } from '../../model/providers.ts';

/**
 * The names under which a price list may have a model: as it was reported, and without what says where it runs rather
 * than which it is. Lower case, most literal first.
 *
 * `models/gemini-2.5-flash` → `gemini-2.5-flash`; `us.anthropic.claude-haiku-4-5-20251001-v1:0` →
 * `anthropic.claude-haiku-4-5-20251001-v1:0`; `openai/gpt-4o` of the provider `openai`, and `azure/gpt-4o` of
 * `azure.ai.openai`, → `gpt-4o`; `ft:gpt-4o:acme:name:id`, of which the middle is anybody's words, → `ft:gpt-4o`.
 *
 * @param providers - the names of the provider that reported it
 */
export function modelNames(reported: string, providers: readonly string[]): readonly string[] {
  const name = reported.trim().toLowerCase();
  const names = new Set([name]);
  // Resource names: `models/X`, `projects/P/locations/L/publishers/google/models/X`, `arn:aws:bedrock:…/X`.
  const resource = /(?:^|\/)models\/(.+)$/s.exec(name)?.[1] ?? /^arn:.*\/([^/]+)$/.exec(name)?.[1] ?? name;
  names.add(resource);
  const slash = resource.indexOf('/');
  const before = resource.slice(0, Math.max(0, slash));
  const isProvider = providers.includes(before) || providers.includes(providerOf(before) ?? '');
  // LiteLLM says which of Bedrock's APIs it takes: `bedrock/converse/…`.
  const own = isProvider ? resource.slice(slash + 1).replace(/^(?:converse|invoke)\//, '') : resource;
  // A geographic inference profile of Bedrock costs what the region costs.
  for (const each of [resource, own]) {
    names.add(each.replace(/^(?:us|us-gov|eu|apac|au|jp|ca|sa)\.(?=[a-z0-9-]+\.)/, ''));
  }
  names.add(/^ft:[^:]+/.exec(own)?.[0] ?? own);
  return [...names];
}

/** A gateway's model: `openai/gpt-4.1-mini` is `gpt-4.1-mini` of `openai`. Undefined when it names no vendor. */
export function vendorOf(model: string): { provider: string; model: string } | undefined {
  const [, provider, name] = /^([^/]+)\/(.+)$/.exec(model.trim()) ?? [];
  return provider !== undefined && name !== undefined ? { provider, model: name } : undefined;
}

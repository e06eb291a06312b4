import { text } from '../kit/patch.ts';

/** Names of the AI SDK's providers that the `gen_ai.provider.name` convention spells differently. */
const NAMES: readonly (readonly [prefix: string, provider: string])[] = [
  ['google.vertex', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['google', 'gcp.gemini'],
  ['amazon-bedrock', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['azure', 'azure.ai.openai'],
  ['mistral', 'mistral_ai'],
  ['xai', 'x_ai'],
  ['togetherai', 'together'],
];

/** Who runs the model: a provider of the AI SDK names itself and its API, as in `openai.responses`. */
export function providerOf(reported: unknown): string | undefined {
  const name = text(reported)?.toLowerCase();
  if (name === undefined) return undefined;
  const known = NAMES.find(([prefix]) => name === prefix || /^[.-]/.test(tail(name, prefix)));
  return known?.[1] ?? name.split('.', 1)[0];
}

/** What follows `prefix` in `name`; nothing where it does not begin with it. */
const tail = (name: string, prefix: string): string =>
  name.startsWith(prefix) ? name.slice(prefix.length) : '';

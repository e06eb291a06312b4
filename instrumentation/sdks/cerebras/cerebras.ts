import { patchSister } from '../openai/sisters.ts';

/** `@cerebras/cerebras_cloud_sdk`: chat completions, whose methods are those of OpenAI. */
export const patchCerebras = patchSister({
  packageName: '@cerebras/cerebras_cloud_sdk',
  client: 'Cerebras',
  provider: 'cerebras',
});

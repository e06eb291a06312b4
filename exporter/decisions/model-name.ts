import type { StageFact } from '../../model/facts.ts';

/** A model and who runs it. */
export interface ModelName {
  readonly provider: string;
  readonly model: string;
}

/** `openai/gpt-4.1-mini`: the provider is what stands before the first stroke. Undefined for what is not of this form. */
export function parseModelName(text: string): ModelName | undefined {
  const [, provider, model] = /^([^/\s]+)\/(\S+)$/.exec(text.trim()) ?? [];
  return provider === undefined || model === undefined ? undefined : { provider, model };
}

export const showModelName = ({ provider, model }: ModelName): string => `${provider}/${model}`;

/** What providers put behind the name of a model to say which issue of it served: a date, or `latest`. */
const ISSUE = /^[-@:](\d{8}|\d{4}-\d{2}-\d{2}|\d{2}-\d{4}|\d{4}|latest)$/;

/** A stage was served by the model, or by a dated issue of it. */
export function isServedBy(
  { provider, model, requestedModel }: Pick<StageFact, 'provider' | 'model' | 'requestedModel'>,
  name: ModelName,
): boolean {
  if (provider?.toLowerCase() !== name.provider.toLowerCase()) return false;
  const wanted = name.model.toLowerCase();
  return [model, requestedModel].some((given) => {
    const served = given?.toLowerCase();
    return served?.startsWith(wanted) === true && isIssue(served.slice(wanted.length));
  });
}

const isIssue = (rest: string): boolean => rest === '' || ISSUE.test(rest);

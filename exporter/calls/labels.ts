import type { CallFact, Fact } from '../../model/facts.ts';
import { mergeTags } from '../../model/tags.ts';
import type { GroupedCall } from './grouped.ts';

type Service = 'serviceName' | 'serviceVersion' | 'deploymentEnvironment' | 'cloudRegion';

/**
 * Which program a call was of, by the call's span, else by the first that says it; and what it is sorted by: the tags of
 * the program, and over them those of the call, the last word of each.
 *
 * @param facts - in order
 */
export function labelsOf(
  facts: readonly Fact[],
  call: CallFact | undefined,
): Pick<GroupedCall, Service | 'tags'> {
  const service = (name: Service) => {
    const value = call?.[name] ?? facts.find((fact) => fact[name] !== undefined)?.[name];
    return value === undefined ? undefined : { [name]: value };
  };
  const tags = mergeTags([
    facts.find((fact) => fact.resourceTags !== undefined)?.resourceTags,
    ...facts.map((fact) => fact.tags),
  ]);
  return {
    ...service('serviceName'),
    ...service('serviceVersion'),
    ...service('deploymentEnvironment'),
    ...service('cloudRegion'),
    ...(tags !== undefined && { tags }),
  };
}

import type { CallFact, Fact } from '../../model/facts.ts';
import { mergeTags, type Tags } from '../../model/tags.ts';
import type { GroupedCall } from './grouped.ts';

const SERVICE = ['serviceName', 'serviceVersion', 'deploymentEnvironment', 'cloudRegion'] as const;
type Service = (typeof SERVICE)[number];
const NONE: readonly Tags[] = [];

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
  const labels: Pick<GroupedCall, Service | 'tags'> = {};
  for (const name of SERVICE) {
    const value = call?.[name] ?? facts.find((fact) => fact[name] !== undefined)?.[name];
    if (value !== undefined) labels[name] = value;
  }
  const tags = mergeTags([
    facts.find((fact) => fact.resourceTags !== undefined)?.resourceTags,
    ...facts.flatMap((fact) => fact.tags ?? NONE),
  ]);
  if (tags !== undefined) labels.tags = tags;
  return labels;
}

import type { Fact } from '../../model/facts.ts';
import { ATTR } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { readTags, type Tags } from '../../model/tags.ts';
import { type Attributes, addPresent, cleanText, text } from './attributes.ts';
import type { ReadOptions } from './dialect.ts';

/** Before 1.27 of the conventions. */
const OLD_ENVIRONMENT = 'deployment.environment';
const TAG_PREFIX = `${ATTR.tag}.`;

interface ResourceLabels {
  serviceVersion: string | undefined;
  deploymentEnvironment: string | undefined;
  cloudRegion: string | undefined;
  tags: Tags | undefined;
  dropped: number;
}

/** Many spans have one resource. */
const read = new WeakMap<Attributes, ResourceLabels>();

/**
 * Adds what says which program a call was of, and what it is sorted by: of the resource, and of the span where it is one
 * of the call as a whole. A stage that names its turn goes without: that turn's span has the same resource.
 */
export function withLabels(fact: Fact, span: SpanRecord, { limited }: ReadOptions): Fact {
  if (fact.type === 'stage' && fact.turnIndex !== undefined) return fact;
  const resource = resourceLabels(span.resource);
  const own =
    fact.type === 'call' || (fact.type === 'other' && fact.call !== undefined)
      ? tagsIn(span.attributes)
      : { dropped: 0 };
  const dropped = own.dropped + resource.dropped;
  if (dropped > 0) limited?.(dropped);
  return addPresent(fact, {
    serviceVersion: resource.serviceVersion,
    deploymentEnvironment: resource.deploymentEnvironment,
    cloudRegion: resource.cloudRegion,
    resourceTags: resource.tags,
    tags: own.tags,
  });
}

function resourceLabels(resource: Attributes): ResourceLabels {
  let labels = read.get(resource);
  if (labels === undefined) {
    const { tags, dropped } = tagsIn(resource);
    labels = {
      serviceVersion: text(resource, ATTR.serviceVersion),
      deploymentEnvironment: text(resource, ATTR.deploymentEnvironment) ?? text(resource, OLD_ENVIRONMENT),
      cloudRegion: text(resource, ATTR.cloudRegion),
      tags,
      dropped,
    };
    // Said once.
    read.set(resource, { ...labels, dropped: 0 });
  }
  return labels;
}

function tagsIn(attributes: Attributes): ReturnType<typeof readTags> {
  const found: [string, unknown][] = [];
  for (const name in attributes) {
    if (!name.startsWith(TAG_PREFIX)) continue;
    const value = attributes[name];
    found.push([name.slice(TAG_PREFIX.length), typeof value === 'string' ? cleanText(value) : value]);
  }
  return found.length === 0 ? { dropped: 0 } : readTags(found);
}

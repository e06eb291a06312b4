import type { Micros } from '../../model/facts.ts';
import type { Tags } from '../../model/tags.ts';
import type { Outcome } from '../../model/vocabulary.ts';

/**
 * Which calls are meant, the same for every reader of rows. All that is given must hold; of a list one of its values must.
 * Empty: every call.
 */
export interface CallFilter {
  /** Only calls that began then or later. */
  since?: Micros;
  /** Only calls that began before then. */
  until?: Micros;
  tenant?: readonly string[];
  agent?: readonly string[];
  campaign?: readonly string[];
  customer?: readonly string[];
  service?: readonly string[];
  serviceVersion?: readonly string[];
  environment?: readonly string[];
  /** Calls that have all of these. */
  tags?: Tags;
  /** `unknown`: no outcome is known. */
  outcome?: readonly (Outcome | 'unknown')[];
  /** Calls with a turn that used one of these, as speech-to-text, LLM or text-to-speech. */
  provider?: readonly string[];
  /** With `provider`: the same stage used both. */
  model?: readonly string[];
  /** Calls in which the user waited so long at least once, in seconds. */
  minSilence?: number;
  /** Calls that cost so much or more, in USD. */
  minCost?: string;
  /** Calls in which the user interrupted the agent, or did not. */
  interrupted?: boolean;
  /** Calls of which something had no price, or had all. */
  unpriced?: boolean;
  /** Calls whose id begins so. */
  idPrefix?: string;
  /** Only calls whose rows were computed then or later. */
  finalizedSince?: Micros;
  /** Only calls whose rows were computed before then. */
  finalizedUntil?: Micros;
}

/** SQL with its parameters, to be put into a statement. */
export interface SqlPart {
  readonly sql: string;
  readonly params: readonly unknown[];
}

const COLUMN_OF = {
  tenant: 'tenant',
  agent: 'agent_name',
  campaign: 'campaign_id',
  customer: 'customer_id',
  service: 'service_name',
  serviceVersion: 'service_version',
  environment: 'deployment_environment',
} as const;

/**
 * What must hold of a row of `call_metrics`, which the statement calls `m`; `true` for an empty filter. Every value is a
 * parameter.
 *
 * @param first - number of the first parameter, where the statement has others before it
 */
export function callCondition(filter: CallFilter, first = 1): SqlPart {
  const params: unknown[] = [];
  const conditions: string[] = [];
  const parameter = (value: unknown, type: string) => `$${params.push(value) + first - 1}::${type}`;

  if (filter.since !== undefined) conditions.push(`m.started_at >= ${instant(parameter, filter.since)}`);
  if (filter.until !== undefined) conditions.push(`m.started_at < ${instant(parameter, filter.until)}`);
  for (const name of Object.keys(COLUMN_OF) as (keyof typeof COLUMN_OF)[]) {
    const values = filter[name];
    if (values?.length) conditions.push(`m.${COLUMN_OF[name]} = ANY (${parameter(values, 'text[]')})`);
  }
  if (filter.tags !== undefined)
    conditions.push(`m.tags @> ${parameter(JSON.stringify(filter.tags), 'jsonb')}`);
  if (filter.outcome?.length)
    conditions.push(`coalesce(m.outcome, 'unknown') = ANY (${parameter(filter.outcome, 'text[]')})`);
  if (filter.provider?.length || filter.model?.length) conditions.push(used(parameter, filter));
  if (filter.minSilence !== undefined)
    conditions.push(`m.eou_latency_max >= ${parameter(filter.minSilence, 'double precision')}`);
  if (filter.minCost !== undefined)
    conditions.push(`m.cost_total >= ${parameter(filter.minCost, 'numeric')}`);
  if (filter.interrupted !== undefined)
    conditions.push(filter.interrupted ? 'm.interruption_count > 0' : 'm.interruption_count = 0');
  if (filter.unpriced !== undefined)
    conditions.push(filter.unpriced ? `m.unpriced <> '{}'` : `m.unpriced = '{}'`);
  if (filter.idPrefix !== undefined)
    conditions.push(`m.call_id LIKE ${parameter(likePrefix(filter.idPrefix), 'text')}`);
  if (filter.finalizedSince !== undefined)
    conditions.push(`m.finalized_at >= ${instant(parameter, filter.finalizedSince)}`);
  if (filter.finalizedUntil !== undefined)
    conditions.push(`m.finalized_at < ${instant(parameter, filter.finalizedUntil)}`);
  return { sql: conditions.join(' AND ') || 'true', params };
}

type Parameter = (value: unknown, type: string) => string;

const instant = (parameter: Parameter, us: Micros): string =>
  `'epoch'::timestamptz + ${parameter(us, 'double precision')} * interval '1 microsecond'`;

/** A turn of the call has a stage of one of the providers and one of the models. */
function used(parameter: Parameter, { provider = [], model = [] }: CallFilter): string {
  const providers = provider.length > 0 && parameter(provider, 'text[]');
  const models = model.length > 0 && parameter(model, 'text[]');
  const stages = ['stt', 'llm', 'tts'].map((stage) =>
    [
      ...(providers ? [`l.${stage}_provider = ANY (${providers})`] : []),
      ...(models ? [`l.${stage}_model = ANY (${models})`] : []),
    ].join(' AND '),
  );
  return `\
EXISTS (
  SELECT FROM :schema.call_logs l
  WHERE l.tenant = m.tenant AND l.call_id = m.call_id AND (${stages.join(' OR ')})
)`;
}

/** A pattern of LIKE for texts that begin so, whatever is in them. */
export const likePrefix = (prefix: string): string => `${prefix.replace(/[\\%_]/g, '\\$&')}%`;

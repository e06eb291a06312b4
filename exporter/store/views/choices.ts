import type { Queryable } from '../database.ts';

/** The newest calls that are looked at. */
const NEWEST_CALLS = 1_000;
const MOST_CHOICES = 100;

const OF_CALLS = {
  tenant: 'tenant',
  service: 'service_name',
  version: 'service_version',
  environment: 'deployment_environment',
  customer: 'customer_id',
  agent: 'agent_name',
  campaign: 'campaign_id',
  direction: 'direction',
  channel: 'channel',
  outcome: "coalesce(outcome, 'unknown')",
};
const OF_TURNS = {
  provider: ['stt_provider', 'llm_provider', 'tts_provider'],
  model: ['stt_model', 'llm_model', 'tts_model'],
};
const KINDS = [...Object.keys(OF_CALLS), ...Object.keys(OF_TURNS)] as (keyof Choices)[];

/** What calls can be chosen by: the values that the newest calls have. */
export type Choices = Record<keyof typeof OF_CALLS | keyof typeof OF_TURNS, string[]>;

const STATEMENT = `\
WITH s AS MATERIALIZED (
  SELECT tenant, call_id, service_name, service_version, deployment_environment, customer_id, agent_name, campaign_id, direction, channel, outcome
  FROM :schema.call_metrics m ORDER BY m.started_at DESC LIMIT ${NEWEST_CALLS}
), t AS MATERIALIZED (
  SELECT DISTINCT l.stt_provider, l.llm_provider, l.tts_provider, l.stt_model, l.llm_model, l.tts_model
  FROM s JOIN :schema.call_logs l USING (tenant, call_id)
)
SELECT DISTINCT kind, name FROM (
  ${[
    ...Object.entries(OF_CALLS).map(([kind, column]) => `SELECT '${kind}' AS kind, ${column} AS name FROM s`),
    ...Object.entries(OF_TURNS).flatMap(([kind, columns]) =>
      columns.map((column) => `SELECT '${kind}' AS kind, ${column} AS name FROM t`),
    ),
  ].join('\n  UNION ALL ')}
) AS u WHERE name IS NOT NULL AND name <> '' ORDER BY kind, name`;

const MODELS = `\
WITH s AS MATERIALIZED (
  SELECT tenant, call_id FROM :schema.call_metrics m ORDER BY m.started_at DESC LIMIT ${NEWEST_CALLS}
)
SELECT DISTINCT stage, provider, model FROM s JOIN :schema.call_logs l USING (tenant, call_id), LATERAL (VALUES
  ('stt', l.stt_provider, l.stt_model), ('llm', l.llm_provider, l.llm_model), ('tts', l.tts_provider, l.tts_model)
) AS u (stage, provider, model)
WHERE provider <> '' AND model <> '' ORDER BY stage, provider, model LIMIT ${3 * MOST_CHOICES}`;

/** A model that did something in a call. */
interface SeenModel {
  stage: 'stt' | 'llm' | 'tts';
  provider: string;
  model: string;
}

/** The models of the newest calls. */
export const getModels = (db: Queryable): Promise<SeenModel[]> =>
  db.query<SeenModel & Record<string, unknown>>(MODELS);

export async function getChoices(db: Queryable): Promise<Choices> {
  const choices = Object.fromEntries(KINDS.map((kind) => [kind, [] as string[]])) as Choices;
  for (const { kind, name } of await db.query<{ kind: keyof Choices; name: string }>(STATEMENT)) {
    if (choices[kind].length < MOST_CHOICES) choices[kind].push(name);
  }
  return choices;
}

import { OUTCOMES, SEGMENTS } from '../../model/vocabulary.ts';
import { board } from '../board.ts';
import { factJson, factText, l, m, s } from '../columns.ts';
import { CALL_IN_JAEGER, TO_CALL, TO_TRACE, UID } from '../links.ts';
import { bars, stat, table, waterfall } from '../panels.ts';
import { rows, trace } from '../queries.ts';
import { componentsOf, INTERRUPTIONS } from '../scope.ts';
import { variable } from '../variable.ts';
import { CALL_ID, JAEGER_URL, SERVICE_NAME, SOURCES, THE_CALL, TRACE_ID } from '../variables.ts';

const NO_CALL = 'Choose a call: type its id above, or take one from the last table';
const USD = 'currencyUSD';

const OF_CALL = `FROM earshot.call_metrics m\nWHERE ${m.call_id} = ${THE_CALL}`;
const OF_TURNS = `FROM earshot.call_logs l\nWHERE ${l.call_id} = ${THE_CALL}`;

const glance = {
  id: 1,
  title: 'The call',
  panels: [
    stat({
      id: 2,
      title: 'Outcome',
      description: `${OUTCOMES.join(', ')}; or unknown.`,
      unit: 'string',
      width: 4,
      empty: NO_CALL,
      text: 'outcome',
      queries: [rows(`SELECT coalesce(${m.outcome}, 'unknown') AS outcome\n${OF_CALL}`)],
    }),
    stat({
      id: 3,
      title: 'Duration',
      description: 'From connect to hang-up.',
      unit: 's',
      decimals: 0,
      width: 4,
      empty: NO_CALL,
      queries: [rows(`SELECT ${m.duration_seconds}\n${OF_CALL}`)],
    }),
    stat({
      id: 4,
      title: 'Turns',
      description: 'Exchanges between user and agent, a greeting included.',
      unit: 'none',
      width: 4,
      empty: NO_CALL,
      queries: [rows(`SELECT ${m.turn_count}\n${OF_CALL}`)],
    }),
    stat({
      id: 5,
      title: 'EOU latency p95',
      description: 'Over the answered turns of the call.',
      unit: 's',
      decimals: 2,
      width: 4,
      empty: 'No answered turn',
      limits: [
        [0, 'green'],
        [0.8, 'orange'],
        [1.2, 'red'],
      ],
      queries: [rows(`SELECT ${m.eou_latency_p95}\n${OF_CALL}`)],
    }),
    stat({
      id: 6,
      title: 'Interruptions',
      description: 'How often the user cut the agent off.',
      unit: 'none',
      width: 4,
      empty: NO_CALL,
      limits: [
        [0, 'green'],
        [1, 'orange'],
        [3, 'red'],
      ],
      queries: [rows(`SELECT ${m.interruption_count}\n${OF_CALL}`)],
    }),
    stat({
      id: 7,
      title: 'Cost',
      description: 'All components; a lower bound where something had no price.',
      unit: USD,
      decimals: 4,
      width: 4,
      empty: 'Nothing of the call has a price',
      queries: [rows(`SELECT ${m.cost_total}::double precision AS cost\n${OF_CALL}`)],
    }),
    table({
      id: 8,
      title: 'What is known of it',
      description: 'The row of the call in call_metrics.',
      unit: 'string',
      width: 24,
      height: 4,
      empty: NO_CALL,
      columns: [
        { name: 'started_at', title: 'Began', unit: 'dateTimeAsIso' },
        { name: 'ended_at', title: 'Ended', unit: 'dateTimeAsIso' },
        { name: 'service_name', title: 'Service' },
        { name: 'agent_name', title: 'Agent' },
        { name: 'campaign_id', title: 'Campaign' },
        { name: 'direction', title: 'Direction' },
        { name: 'channel', title: 'Channel' },
        { name: 'end_reason', title: 'End reason' },
        { name: 'outcome_source', title: 'Outcome decided by' },
        { name: 'sentiment_label', title: 'Sentiment' },
        { name: 'price_list', title: 'Price list' },
        { name: 'unpriced', title: 'Without a price' },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at}, ${m.ended_at}, ${m.service_name}, ${m.agent_name}, ${m.campaign_id}, ${m.direction}, ${m.channel}, ${m.end_reason}, ${m.outcome_source}, ${m.sentiment_label}, ${m.price_list}, array_to_string(${m.unpriced}, ', ') AS unpriced\n${OF_CALL}`,
        ),
      ],
    }),
  ],
};

const turns = {
  id: 10,
  title: 'Turns',
  panels: [
    bars({
      id: 11,
      title: 'Silence of each turn, by segment',
      description:
        'EOU latency of each answered turn and what it is made of: endpointing, preparation, language model, aggregation of a sentence, text-to-speech, playout.',
      unit: 's',
      decimals: 2,
      width: 12,
      empty: 'No answered turn',
      x: 'turn',
      stacked: true,
      queries: [
        rows(
          `SELECT ${l.turn_index}::text AS turn,\n${SEGMENTS.map(
            (segment) => `  ${l[`segment_${segment}`]} AS ${segment}`,
          ).join(',\n')}\n${OF_TURNS}\n  AND ${l.eou_latency} IS NOT NULL\nORDER BY ${l.turn_index}`,
        ),
      ],
    }),
    waterfall({
      id: 12,
      title: 'Waterfall of the chosen turn',
      description: 'The spans of the turn that is chosen in the variable, from Jaeger.',
      unit: 's',
      width: 12,
      empty: 'No trace: was the turn sampled, and is Jaeger reached?',
      queries: [trace(variable('trace_id'))],
    }),
    table({
      id: 13,
      title: 'Turns',
      description: 'The rows of the turns in call_logs, each with its trace.',
      unit: 's',
      decimals: 3,
      width: 24,
      empty: NO_CALL,
      columns: [
        { name: 'turn_index', title: 'Turn', unit: 'none', decimals: 0, width: 60 },
        { name: 'created_at', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'initiator', title: 'Opened by', unit: 'string', width: 90 },
        { name: 'eou_latency', title: 'EOU latency', bar: true },
        { name: 'ttfb_stt', title: 'STT first byte' },
        { name: 'ttfb_llm', title: 'LLM first byte' },
        { name: 'ttfb_tts', title: 'TTS first byte' },
        { name: 'llm_model', title: 'LLM', unit: 'string' },
        { name: 'llm_input_tokens', title: 'Prompt tokens', unit: 'short', decimals: 0 },
        { name: 'interruption_kind', title: 'Interruption', unit: 'string' },
        { name: 'sentiment_score', title: 'Sentiment', unit: 'none', decimals: 2 },
        { name: 'cost_total', title: 'Cost', unit: USD, decimals: 5 },
        { name: 'error_type', title: 'Error', unit: 'string' },
        { name: 'trace_id', title: 'Trace', unit: 'string', links: TO_TRACE },
      ],
      queries: [
        rows(
          `SELECT ${l.turn_index}, ${l.created_at}, ${l.initiator}, ${l.eou_latency}, ${l.ttfb_stt}, ${l.ttfb_llm}, ${l.ttfb_tts}, ${l.llm_model}, ${l.llm_input_tokens}, ${l.interruption_kind}, ${l.sentiment_score}, ${l.cost_total}, ${l.error_type}, ${l.trace_id}\n${OF_TURNS}\nORDER BY ${l.turn_index}`,
        ),
      ],
    }),
  ],
};

const said = {
  id: 20,
  title: 'What was said and done',
  panels: [
    table({
      id: 21,
      title: 'Transcript',
      description: 'What user and agent said, where the capture of content is switched on.',
      unit: 'string',
      width: 12,
      height: 12,
      empty: 'What was said was not captured (OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT)',
      columns: [
        { name: 'turn_index', title: 'Turn', unit: 'none', decimals: 0, width: 60 },
        { name: 'who', title: 'Who', width: 80 },
        { name: 'said', title: 'Said' },
      ],
      queries: [
        rows(
          `SELECT ${l.turn_index}, w.who, w.said\nFROM earshot.call_logs l\nCROSS JOIN LATERAL (VALUES (1, 'user', ${l.user_text}), (2, 'agent', ${l.agent_text})) AS w (place, who, said)\nWHERE ${l.call_id} = ${THE_CALL} AND w.said IS NOT NULL\nORDER BY ${l.turn_index}, w.place`,
        ),
      ],
    }),
    table({
      id: 22,
      title: 'Spans',
      description:
        'The spans of the call as the journal has them, from its start. Kept for EARSHOT_SPAN_RETENTION.',
      unit: 's',
      decimals: 3,
      width: 12,
      height: 12,
      empty: 'No spans: they are kept for EARSHOT_SPAN_RETENTION',
      columns: [
        { name: 'from_start', title: 'At', width: 80 },
        { name: 'seconds', title: 'Length', width: 80 },
        { name: 'turn_index', title: 'Turn', unit: 'none', decimals: 0, width: 60 },
        { name: 'stage', title: 'Stage', unit: 'string', width: 90 },
        { name: 'provider', title: 'Provider', unit: 'string' },
        { name: 'model', title: 'Model', unit: 'string' },
        { name: 'error_type', title: 'Error', unit: 'string' },
        { name: 'trace_id', title: 'Trace', unit: 'string', links: TO_TRACE },
      ],
      queries: [
        rows(
          `SELECT extract(epoch FROM ${s.started_at} - ${m.started_at})::double precision AS from_start,\n  extract(epoch FROM ${s.ended_at} - ${s.started_at})::double precision AS seconds,\n  ${s.turn_index}, ${s.stage}, ${factText('provider')} AS provider, ${factText('model')} AS model, ${factText('errorType')} AS error_type, ${s.trace_id}\nFROM earshot.call_spans s\nJOIN earshot.call_metrics m ON ${m.call_id} = ${s.call_id}\nWHERE ${s.call_id} = ${THE_CALL}\nORDER BY ${s.started_at}, ${s.ended_at} DESC`,
        ),
      ],
    }),
    table({
      id: 23,
      title: 'Cost lines',
      description: 'What each component of each turn cost, and the minutes of the call.',
      unit: USD,
      decimals: 6,
      width: 14,
      empty: 'Nothing of the call has a price',
      columns: [
        { name: 'turn', title: 'Turn', unit: 'string', width: 60 },
        { name: 'component', title: 'Component', unit: 'string' },
        { name: 'provider', title: 'Provider', unit: 'string' },
        { name: 'model', title: 'Model', unit: 'string' },
        { name: 'quantity', title: 'Used', unit: 'short', decimals: 1 },
        { name: 'quantity_unit', title: 'Of', unit: 'string' },
        { name: 'cost', title: 'Cost', bar: true },
      ],
      queries: [
        rows(
          `SELECT ${l.turn_index}::text AS turn, c.component, c.provider, c.model, c.quantity,\n  CASE c.component WHEN 'stt' THEN 'seconds' WHEN 'llm' THEN 'tokens' ELSE 'characters' END AS quantity_unit,\n  c.cost::double precision AS cost\n${componentsOf(THE_CALL)}\n  AND (c.quantity IS NOT NULL OR c.cost IS NOT NULL)\nUNION ALL\nSELECT 'call', v.component, NULL, NULL, ${m.duration_seconds} / 60, 'minutes', v.cost::double precision\nFROM earshot.call_metrics m\nCROSS JOIN LATERAL (VALUES ('livekit', ${m.cost_livekit}), ('telephony', ${m.cost_telephony})) AS v (component, cost)\nWHERE ${m.call_id} = ${THE_CALL} AND v.cost IS NOT NULL`,
        ),
      ],
    }),
    table({
      id: 24,
      title: 'Interruptions',
      description:
        'When user and agent spoke over each other, from the start of the call, and how long it took until the agent was silent.',
      unit: 's',
      decimals: 2,
      width: 10,
      empty: 'No one spoke over the other',
      columns: [
        { name: 'turn_index', title: 'Turn', unit: 'none', decimals: 0, width: 60 },
        { name: 'kind', title: 'Kind', unit: 'string' },
        { name: 'from_start', title: 'At' },
        { name: 'to_silence', title: 'To silence' },
      ],
      queries: [
        rows(
          `SELECT ${s.turn_index}, i.kind,\n  i."atUs" / 1000000 - extract(epoch FROM ${m.started_at})::double precision AS from_start,\n  i."timeToSilenceSeconds" AS to_silence\nFROM earshot.call_spans s\nJOIN earshot.call_metrics m ON ${m.call_id} = ${s.call_id}\n${INTERRUPTIONS}\nWHERE ${s.call_id} = ${THE_CALL} AND ${s.stage} = 'turn' AND jsonb_typeof(${factJson('interruptions')}) = 'array'\nORDER BY i."atUs"`,
        ),
      ],
    }),
  ],
};

const others = {
  id: 30,
  title: 'Find a call',
  panels: [
    table({
      id: 31,
      title: 'Last calls',
      description: 'The 100 calls that began last in the time range. The id opens the call here.',
      unit: 'none',
      width: 24,
      height: 10,
      empty: 'No calls in this time range',
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'service_name', title: 'Service', unit: 'string' },
        { name: 'agent_name', title: 'Agent', unit: 'string' },
        { name: 'duration_seconds', title: 'Duration', unit: 's', decimals: 0 },
        { name: 'turn_count', title: 'Turns', decimals: 0 },
        { name: 'eou_latency_p95', title: 'EOU latency p95', unit: 's', decimals: 2 },
        { name: 'cost_total', title: 'Cost', unit: USD, decimals: 4 },
        { name: 'outcome', title: 'Outcome', unit: 'string' },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at} AS time, ${m.call_id}, ${m.service_name}, ${m.agent_name}, ${m.duration_seconds}, ${m.turn_count}, ${m.eou_latency_p95}, ${m.cost_total}, ${m.outcome}\nFROM earshot.call_metrics m\nWHERE $__timeFilter(${m.started_at})\nORDER BY ${m.started_at} DESC\nLIMIT 100`,
        ),
      ],
    }),
  ],
};

/** Everything about one call. */
export const CALL = board({
  uid: UID.call,
  title: 'Voice agents / Call',
  description:
    'One call: its turns with their segments, what was said where that is captured, its cost lines and traces.',
  variables: [SOURCES.postgres, SOURCES.jaeger, CALL_ID, TRACE_ID, SERVICE_NAME, JAEGER_URL],
  links: [CALL_IN_JAEGER],
  sections: [glance, turns, said, others],
});

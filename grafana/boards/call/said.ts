import { factJson, factText, l, m, SPAN_OF_CALL, s } from '../../columns.ts';
import { TO_TRACE } from '../../links.ts';
import { table } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { componentsWhere, INTERRUPTIONS } from '../../scope.ts';
import { isTheCall } from '../../variables.ts';
import { USD } from './terms.ts';

export const said = {
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
          `SELECT ${l.turn_index}, w.who, w.said\nFROM earshot.call_logs l\nCROSS JOIN LATERAL (VALUES (1, 'user', ${l.user_text}), (2, 'agent', ${l.agent_text})) AS w (place, who, said)\nWHERE ${isTheCall(l)} AND w.said IS NOT NULL\nORDER BY ${l.turn_index}, w.place`,
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
          `SELECT extract(epoch FROM ${s.started_at} - ${m.started_at})::double precision AS from_start,\n  extract(epoch FROM ${s.ended_at} - ${s.started_at})::double precision AS seconds,\n  ${s.turn_index}, ${s.stage}, ${factText('provider')} AS provider, ${factText('model')} AS model, ${factText('errorType')} AS error_type, ${s.trace_id}\nFROM earshot.call_metrics m\nJOIN earshot.call_spans s ON ${SPAN_OF_CALL}\nWHERE ${isTheCall(m)}\nORDER BY ${s.started_at}, ${s.ended_at} DESC`,
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
          `SELECT ${l.turn_index}::text AS turn, c.component, c.provider, c.model, c.quantity,\n  CASE c.component WHEN 'stt' THEN 'seconds' WHEN 'llm' THEN 'tokens' ELSE 'characters' END AS quantity_unit,\n  c.cost::double precision AS cost\n${componentsWhere(isTheCall(l))}\n  AND (c.quantity IS NOT NULL OR c.cost IS NOT NULL)\nUNION ALL\nSELECT 'call', v.component, NULL, NULL, ${m.duration_seconds} / 60, 'minutes', v.cost::double precision\nFROM earshot.call_metrics m\nCROSS JOIN LATERAL (VALUES ('livekit', ${m.cost_livekit}), ('telephony', ${m.cost_telephony})) AS v (component, cost)\nWHERE ${isTheCall(m)} AND v.cost IS NOT NULL`,
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
          `SELECT ${s.turn_index}, i.kind,\n  i."atUs" / 1000000 - extract(epoch FROM ${m.started_at})::double precision AS from_start,\n  i."timeToSilenceSeconds" AS to_silence\nFROM earshot.call_metrics m\nJOIN earshot.call_spans s ON ${SPAN_OF_CALL}\n${INTERRUPTIONS}\nWHERE ${isTheCall(m)} AND ${s.stage} = 'turn' AND jsonb_typeof(${factJson('interruptions')}) = 'array'\nORDER BY i."atUs"`,
        ),
      ],
    }),
  ],
};

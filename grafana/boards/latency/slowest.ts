import { SEGMENTS } from '../../../model/vocabulary.ts';
import { l, m } from '../../columns.ts';
import { TO_CALL, TO_TRACE } from '../../links.ts';
import { table } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { CALLS, silentTurns } from '../../scope.ts';
import { NO_TURNS } from './terms.ts';

export const slowest = {
  id: 30,
  title: 'Slowest',
  panels: [
    table({
      id: 31,
      title: 'Slowest turns',
      description:
        'The 50 turns with the longest silence, with its segments and the trace of the turn. Of some providers or models: of the 500 calls with the longest silences.',
      unit: 's',
      decimals: 3,
      width: 24,
      height: 10,
      empty: NO_TURNS,
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'turn_index', title: 'Turn', unit: 'none', decimals: 0, width: 70 },
        { name: 'eou_latency', title: 'EOU latency', bar: true },
        ...SEGMENTS.map((name) => ({ name, width: 110 })),
        { name: 'llm_model', title: 'LLM', unit: 'string' },
        { name: 'error_type', title: 'Error', unit: 'string' },
        { name: 'trace_id', title: 'Trace', unit: 'string', links: TO_TRACE },
      ],
      queries: [
        rows(
          `SELECT ${l.created_at} AS time, ${l.call_id}, ${l.turn_index}, ${l.eou_latency},\n${SEGMENTS.map(
            (segment) => `  ${l[`segment_${segment}`]} AS ${segment}`,
          ).join(
            ',\n',
          )},\n  ${l.llm_model}, ${l.error_type}, ${l.trace_id}\n${silentTurns}\nWHERE ${l.eou_latency} IS NOT NULL\nORDER BY ${l.eou_latency} DESC\nLIMIT 50`,
        ),
      ],
    }),
    table({
      id: 32,
      title: 'Slowest calls',
      description: 'The 50 calls with the highest p95 of EOU latency over their turns.',
      unit: 's',
      decimals: 3,
      width: 24,
      height: 10,
      empty: NO_TURNS,
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'agent_name', title: 'Agent', unit: 'string' },
        { name: 'turn_count', title: 'Turns', unit: 'none', decimals: 0, width: 70 },
        { name: 'eou_latency_p95', title: 'EOU latency p95', bar: true },
        { name: 'eou_latency_p50', title: 'p50' },
        { name: 'eou_latency_max', title: 'Longest' },
        { name: 'ttfb_llm_p95', title: 'LLM first byte p95' },
        { name: 'ttfb_tts_p95', title: 'TTS first byte p95' },
        { name: 'interruption_count', title: 'Interruptions', unit: 'none', decimals: 0 },
        { name: 'outcome', title: 'Outcome', unit: 'string' },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at} AS time, ${m.call_id}, ${m.agent_name}, ${m.turn_count}, ${m.eou_latency_p95}, ${m.eou_latency_p50}, ${m.eou_latency_max}, ${m.ttfb_llm_p95}, ${m.ttfb_tts_p95}, ${m.interruption_count}, ${m.outcome}\n${CALLS}\n  AND ${m.eou_latency_p95} IS NOT NULL\nORDER BY ${m.eou_latency_p95} DESC\nLIMIT 50`,
        ),
      ],
    }),
  ],
};

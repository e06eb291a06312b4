import { SEGMENTS } from '../../../model/vocabulary.ts';
import { l } from '../../columns.ts';
import { TO_TRACE } from '../../links.ts';
import { bars, table, waterfall } from '../../panels.ts';
import { rows, trace } from '../../queries.ts';
import { variable } from '../../variable.ts';
import { NO_CALL, OF_TURNS, USD } from './terms.ts';

export const turns = {
  id: 10,
  title: 'Turns',
  panels: [
    bars({
      id: 11,
      title: 'Silence of each turn, by segment',
      description:
        'EOU latency of each answered turn and what it is made of: endpointing, preparation, tools, language model, aggregation of a sentence, text-to-speech, playout.',
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

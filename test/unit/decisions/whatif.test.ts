import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupCall } from '../../../exporter/calls/group.ts';
import type { GroupedCall } from '../../../exporter/calls/grouped.ts';
import { WhatIfCalls } from '../../../exporter/decisions/whatif.ts';
import { catalogue, priceListFrom } from '../../../exporter/pricing/index.ts';
import type { StageFact } from '../../../model/facts.ts';
import { at, call, stage, turn } from '../calls/builders.ts';

const LIST = priceListFrom([
  {
    provider: 'old',
    entries: [
      {
        component: 'llm',
        models: ['big'],
        history: [
          {
            valid_from: '2026-01-01',
            checked_on: '2026-01-01',
            source: 'https://example.com',
            confidence: 'A',
            prices: {
              per_million_input_tokens: '2',
              per_million_cached_input_tokens: '0.5',
              per_million_output_tokens: '8',
            },
          },
        ],
      },
    ],
  },
]);

const OLD = { provider: 'old', model: 'big' } as const;
const USAGE = { inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 50 };

/** A call of `turns` turns, answered by a model that takes so long to its first byte. */
function callOf(
  index: number,
  turns: number,
  llm: Pick<StageFact, 'provider' | 'model'>,
  firstByteMs: number,
  usage: StageFact['usage'] = USAGE,
): GroupedCall {
  return groupCall(
    [
      call([0, 10_000 * turns]),
      ...Array.from({ length: turns }, (_, number) => {
        const from = 10_000 * number;
        const answer = from + 310 + firstByteMs;
        return [
          turn(number, [from, from + 9_000], {
            initiator: 'user',
            speechStartedUs: at(from - 1_000),
            speechEndedUs: at(from),
            committedUs: at(from + 300),
            eouSource: 'vad',
          }),
          stage('llm', number, [from + 310, answer, answer + 400], { ...llm, ...(usage && { usage }) }),
          stage('tts', number, [answer + 60, answer + 150, answer + 900], {
            provider: 'voice',
            model: 'one',
            usage: { characters: 80 },
          }),
          stage('playback', number, [answer + 170, from + 9_000]),
        ];
      }).flat(),
    ].map((fact) => ({ ...fact, callId: `call-${index}` })),
  );
}

describe('earshot whatif', () => {
  const calls = Array.from({ length: 20 }, (_, index) => callOf(index, 3, OLD, 500));
  const mini = { provider: 'openai', model: 'gpt-4.1-mini' };
  const others = Array.from({ length: 20 }, (_, index) => callOf(100 + index, 3, mini, 200));

  test('costs are the same usage at the price of the other model, to the last digit', () => {
    const whatif = new WhatIfCalls({ llm: mini }, catalogue());
    const same = new WhatIfCalls({ llm: mini }, catalogue());
    for (const each of calls) whatif.add(each);
    for (const each of others) same.add(each);
    const { cost } = whatif.result();
    assert.equal(cost.after.llm?.toString(), same.result().cost.before.llm?.toString());
    assert.ok(cost.unpriced.before.includes('llm:old/big'));
    assert.ok(!cost.unpriced.after.some((name) => name.startsWith('llm:')));
  });

  test('what has no price on one side is no saving: neither the part nor the total is compared', () => {
    const unpriced = new WhatIfCalls({ llm: { provider: 'openai', model: 'nope' } }, catalogue());
    for (const each of others) unpriced.add(each);
    const { cost } = unpriced.result();
    assert.ok(cost.before.llm && cost.before.total);
    assert.deepEqual([cost.after.llm, cost.after.total], [null, null]);
    assert.deepEqual(
      cost.unpriced.after.filter((name) => name.startsWith('llm:')),
      ['llm:openai/nope'],
    );
    // What lacks a price on both sides is the same on both, and the rest can be compared.
    assert.deepEqual(
      cost.unpriced.before,
      cost.unpriced.after.filter((name) => !name.startsWith('llm:')),
    );
    const back = new WhatIfCalls({ llm: mini }, catalogue());
    for (const each of calls) back.add(each);
    const { before, after } = back.result().cost;
    assert.deepEqual([before.llm, before.total], [null, null]);
    assert.ok(after.llm && after.total);
  });

  test('cached tokens are plain input where the other price does not tell them apart', () => {
    const whatif = new WhatIfCalls({ llm: { provider: 'groq', model: 'llama-3.1-8b-instant' } }, catalogue());
    const plain = new WhatIfCalls({ llm: { provider: 'groq', model: 'llama-3.1-8b-instant' } }, catalogue());
    whatif.add(callOf(1, 2, mini, 200));
    plain.add(callOf(1, 2, mini, 200, { inputTokens: 1_000, outputTokens: 50 }));
    const { cost } = whatif.result();
    assert.equal(cost.after.llm?.toString(), plain.result().cost.after.llm?.toString());
    assert.match(cost.notes.join(), /no price for cached tokens/);
  });

  test('a price that was not in force at the time of the calls is taken all the same, and said', () => {
    const early = new WhatIfCalls({ llm: { provider: 'old', model: 'big' } }, LIST);
    const before = callOf(1, 2, mini, 200);
    early.add({ ...before, startUs: Date.UTC(2020, 0, 1) * 1e3 });
    const { cost } = early.result();
    assert.equal(cost.after.llm?.toString(), '0.0036');
    assert.match(cost.notes.join(), /No price of old\/big was in force yet/);
  });

  test('the silence is what the other model took where it was measured', () => {
    const whatif = new WhatIfCalls({ llm: mini }, catalogue());
    for (const each of calls) whatif.add(each);
    for (const each of others) whatif.measure(each);
    const { silence, changed, turns, sources, unknown } = whatif.result();
    assert.deepEqual([turns, changed], [60, 60]);
    assert.ok(Math.abs((silence?.p95.before.value ?? 0) - 0.98) < 1e-9, `${silence?.p95.before.value}`);
    assert.ok(Math.abs((silence?.p95.after.value ?? 0) - 0.68) < 1e-9, `${silence?.p95.after.value}`);
    assert.deepEqual(sources, [
      'llm: openai/gpt-4.1-mini in place of old/big, by 60 turns in which it was measured.',
    ]);
    assert.match(unknown.join('\n'), /tokenisers differ/);
  });

  test('turns that the other model answered already stay as they were', () => {
    const whatif = new WhatIfCalls({ llm: mini }, catalogue());
    for (const each of others) {
      whatif.add(each);
      whatif.measure(each);
    }
    const { silence, noSilence, changed } = whatif.result();
    assert.deepEqual([silence, changed, noSilence], [undefined, 0, 'nothing would be different in any turn']);
  });

  test('too little is said to be too little', () => {
    const few = new WhatIfCalls({ llm: mini }, catalogue());
    few.add(callOf(1, 7, OLD, 500));
    assert.equal(few.result().noSilence, 'too few turns: 7, needs 30');
    few.add(callOf(2, 30, OLD, 500));
    assert.equal(few.result().noSilence, 'too few calls: 2, needs 20');
    const unmeasured = new WhatIfCalls({ llm: mini }, catalogue());
    for (const each of calls) unmeasured.add(each);
    unmeasured.measure(callOf(1, 7, mini, 200));
    assert.match(
      unmeasured.result().noSilence ?? '',
      /^too few turns of openai\/gpt-4.1-mini .*: 7, needs 30; or give --latency/,
    );
    assert.equal(
      new WhatIfCalls({ llm: mini }, catalogue()).result().noSilence,
      'too few turns: 0, needs 30',
    );
  });

  test('latencies of a file stand for what was not measured', () => {
    const given = { llm: Array.from({ length: 30 }, () => ({ seconds: 0.1 })) };
    const whatif = new WhatIfCalls({ llm: mini }, catalogue(), given);
    for (const each of calls) whatif.add(each);
    const { silence, sources } = whatif.result();
    assert.ok(Math.abs((silence?.p50.after.value ?? 0) - 0.58) < 1e-9);
    assert.match(sources.join(), /by 30 latencies of the file/);
  });

  test('a shorter delay is shorter by as much in every turn, and says what it leaves open', () => {
    const whatif = new WhatIfCalls({ endpointing: 0.22 }, catalogue());
    for (const each of calls) whatif.add(each);
    const { silence, unknown } = whatif.result();
    assert.ok(Math.abs((silence?.p50.change.value ?? 0) + 0.08) < 1e-9);
    assert.match(unknown.join(), /earshot endpointing/);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secondsOf, wishOf } from '../../../ui/server/wish.ts';
import type { WhatIfAnswer } from '../../../ui/shared/api.ts';
import {
  endpointingDoubts,
  endpointingSentence,
  type Frontier,
  groupName,
  whatIfLines,
  whatIfSentence,
} from '../../../ui/shared/decisions.ts';

const query = (text: string) => new URLSearchParams(text);
const estimate = (value: number, low: number | null = null, high: number | null = null) => ({
  value,
  low,
  high,
});

test('what is to be different is read from an address, and refused with what was seen', () => {
  assert.deepEqual(wishOf(query('llm=openai/gpt-4.1-mini&tts=&endpointing=0.22')), {
    llm: { provider: 'openai', model: 'gpt-4.1-mini' },
    endpointing: 0.22,
  });
  for (const [text, refusal] of [
    ['', /saw nothing that is to be different, expected llm, tts or stt=PROVIDER\/MODEL, or endpointing/],
    ['endpointing_now=0.3', /saw nothing/],
    ['llm=gpt-4.1', /llm: saw "gpt-4.1", expected a provider and a model such as/],
    ['tts=a/%00', /tts: saw/],
    ['endpointing=220ms', /endpointing: saw "220ms", expected seconds from 0 to 60/],
    ['endpointing=-1', /endpointing: saw "-1", expected/],
  ] as const)
    assert.throws(() => wishOf(query(text)), refusal, text);
  assert.equal(secondsOf(query('delay=0.3'), 'delay'), 0.3);
  assert.equal(secondsOf(query('delay='), 'delay'), undefined);
  assert.throws(() => secondsOf(query('delay=61'), 'delay'), /delay: saw "61"/);
});

const nothing = { stt: null, llm: null, tts: null, livekit: null, telephony: null };
const ANSWER: WhatIfAnswer = {
  calls: 2,
  expired: 0,
  seconds: 120,
  turns: 40,
  changed: 40,
  cost: {
    before: { ...nothing, llm: '0.04', total: '0.1' },
    after: { ...nothing, llm: '0.02', total: '0.08' },
    unpriced: { before: [], after: [] },
    notes: [],
  },
  silence: {
    p50: { before: estimate(1), after: estimate(0.8, 0.7, 0.9), change: estimate(-0.2, -0.3, -0.1) },
    p95: { before: estimate(2), after: estimate(1.5, 1.4, 1.6), change: estimate(-0.5, -0.6, -0.4) },
    mean: { before: estimate(1.1), after: estimate(0.9), change: estimate(-0.2) },
  },
  sources: [],
  unknown: [],
  notes: [],
};

test('an answer is a line for each figure, and a sentence', () => {
  const [p50, , mean, llm, cost, , minute] = whatIfLines(ANSWER);
  assert.deepEqual(p50, {
    name: 'silence, p50',
    now: '1.00 s',
    after: '800 ms',
    interval: '700 ms … 900 ms',
    change: '−200 ms',
    changeInterval: '−300 ms … −100 ms',
  });
  assert.equal(mean?.interval, '', 'an interval that is not known is none');
  assert.deepEqual([llm?.name, llm?.change], ['cost, llm', '−$0.0200 (−50 %)']);
  assert.deepEqual([cost?.name, cost?.now, cost?.after], ['cost', '$0.1000', '$0.0800']);
  assert.deepEqual([minute?.now, minute?.after], ['$0.0500', '$0.0400']);
  assert.equal(
    whatIfSentence(ANSWER),
    'Silence p95 would be 1.50 s in place of 2.00 s (−600 ms … −400 ms), and a minute would cost $0.0400 in place of $0.0500.',
  );
});

test('what cannot be said of the silence is said, and a cost that is not known stays so', () => {
  const { silence: _, ...rest } = ANSWER;
  const few = { ...rest, noSilence: 'too few turns: 7, needs 30' };
  assert.match(
    whatIfSentence(few),
    /^Of the silence nothing can be said: too few turns: 7, needs 30\. And a/,
  );
  const unpriced = { ...few, cost: { ...few.cost, after: { ...nothing, total: null } } };
  assert.match(whatIfSentence(unpriced), /what it would cost is not known\.$/);
  assert.equal(whatIfLines(unpriced).find(({ name }) => name === 'cost')?.change, '–');
  const same = { ...few, cost: { ...few.cost, after: few.cost.before } };
  assert.match(whatIfSentence(same), /a minute would still cost \$0\.0500\.$/);
});

const point = (delay: number, saved: number, more: number) => ({
  delay,
  saved: estimate(saved),
  cutOffs: estimate(0.02 + more),
  more: estimate(more, more - 0.01, more + 0.01),
  gain: estimate(saved),
});
const FRONTIER: Frontier = {
  turns: 200,
  calls: 40,
  pauses: { before: 30, committed: 2, overAnswer: 0 },
  delay: { p10: 0.58, p50: 0.6, p90: 0.62 },
  seen: { from: 0.07, until: 1.08 },
  waitsForTranscript: false,
  silence: 1,
  cutOffs: estimate(0.02, 0.01, 0.03),
  frontier: [point(0.3, 0.3, 0.186), point(0.5, 0.1, 0.016), point(0.7, -0.1, -0.008)],
};

test('a delay that is asked about, and the best one, are said in a sentence', () => {
  assert.equal(endpointingSentence(FRONTIER), 'Keep 600 ms: no other delay is better beyond doubt.');
  const better = { ...FRONTIER, recommended: FRONTIER.frontier[1] as Frontier['frontier'][number] };
  assert.equal(
    endpointingSentence(better, { asked: 0.3 }),
    '600 ms → 300 ms saves 300 ms a turn and cuts off 21 % in place of 2.0 % (+18 … +20 points). Best: 600 ms → 500 ms saves 100 ms a turn and cuts off 3.6 % in place of 2.0 % (+0.6 … +2.6 points).',
  );
  assert.match(endpointingSentence(better, { asked: 0.5 }), /\): the best\.$/);
  assert.match(
    endpointingSentence(FRONTIER, { asked: 0.7 }),
    /costs 100 ms a turn and cuts off 1\.2 % in place of 2\.0 % \(−1\.8 … \+0\.2 points\)/,
  );
  const several = { ...FRONTIER, delay: { p10: 0.3, p50: 0.5, p90: 0.6 } };
  assert.equal(
    endpointingSentence(several),
    'No delay is advised: the calls have several. Choose those of one version.',
    'as the command says: to keep one of several is no advice either',
  );
  assert.match(endpointingSentence(FRONTIER, { asked: 3 }), /^Nothing is known of a delay of 3 s\. Keep/);
});

test('what stays open is said', () => {
  assert.deepEqual(endpointingDoubts(FRONTIER).length, 1);
  const unknown = endpointingDoubts({
    ...FRONTIER,
    pauses: { before: 0, committed: 0, overAnswer: 0 },
    delay: { p10: 0.3, p50: 0.6, p90: 0.9 },
    waitsForTranscript: true,
  });
  assert.match(unknown.join('\n'), /nothing is known of shorter delays.*300 ms to 900 ms.*transcripts/s);
  assert.equal(groupName({ turns: 1 }), 'unnamed');
  assert.equal(groupName({ turns: 1, agent: 'support', language: 'en' }), 'support, en');
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LexiconSentimentAnalyzer } from '../../../exporter/quality/lexicon-sentiment.ts';
import { averageSentiment, sentimentLabel } from '../../../exporter/quality/sentiment.ts';
import { anyText } from '../../support/texts.ts';

const analyzer = new LexiconSentimentAnalyzer();
const score = (text: string) => analyzer.score(text) ?? Number.NaN;
const labelOf = (text: string) => sentimentLabel(analyzer.score(text));

describe('the score', () => {
  it('is normalised as documented: great is 0.61, not great -0.50', () => {
    assert.ok(Math.abs(score('great') - 3 / Math.sqrt(24)) < 1e-12);
    assert.ok(Math.abs(score('not great') - -2.22 / Math.sqrt(2.22 ** 2 + 15)) < 1e-12);
  });

  const rows = [
    ['That is wonderful, thank you so much', 'positive'],
    ['Perfect!', 'positive'],
    ['not bad at all', 'positive'],
    ['no problem', 'positive'],
    ['This is terrible, I am so angry', 'negative'],
    ['That is not good', 'negative'],
    ['I’m not at all happy', 'negative'],
    ["it doesn't work and I hate it", 'negative'],
    ["I can't stand this", 'negative'],
    ['without any problems', 'positive'],
    ['yes please', 'neutral'],
    ['no thank you', 'neutral'],
    ["I'd like to cancel my appointment", 'neutral'],
  ] as const;
  for (const [text, label] of rows) it(`"${text}" is ${label}`, () => assert.equal(labelOf(text), label));

  it('a negation reaches its clause and not the next', () => {
    assert.ok(score('No, that is great') > 0);
    assert.ok(score('not today, great') > 0);
    assert.ok(score('I am not sure but it is great') > 0);
    assert.ok(score('no that is great') > 0, 'a bare no only turns the next word around');
  });

  it('a degree strengthens or weakens', () => {
    assert.ok(score('really good') > score('good'));
    assert.ok(score('slightly bad') > score('bad'));
  });

  it('without a rated word is undefined, never 0: no evidence is not neutrality', () => {
    for (const text of ['', '   ', '?!', 'a table for two at seven', 'mesa para dos', '12 34'])
      assert.equal(analyzer.score(text), undefined, text);
  });

  it('words of other objects are not words of the list', () => {
    assert.equal(analyzer.score('constructor toString __proto__ hasOwnProperty'), undefined);
  });

  it('own ratings beat the list', () => {
    const own = new LexiconSentimentAnalyzer({ words: { great: -5, 'big yikes': -4 } });
    assert.ok((own.score('great') ?? 0) < 0);
    assert.ok((own.score('big yikes') ?? 0) < 0);
  });

  it('lies between -1 and 1 for any text', () => {
    const word = fc.constantFrom(
      'not',
      'very',
      'great',
      'terrible',
      'no',
      'problem',
      ',',
      'table',
      "can't stand",
    );
    const text = fc.oneof(
      fc.array(word, { maxLength: 200 }).map((words) => words.join(' ')),
      anyText(),
    );
    fc.assert(
      fc.property(text, (value) => {
        const found = analyzer.score(value);
        assert.ok(found === undefined || (found > -1 && found < 1));
      }),
    );
  });
});

describe('the label', () => {
  it('turns at 0.05 either way', () => {
    const rows = [
      [0.05, 'positive'],
      [0.0499, 'neutral'],
      [0, 'neutral'],
      [-0.0499, 'neutral'],
      [-0.05, 'negative'],
      [undefined, undefined],
      [Number.NaN, undefined],
    ] as const;
    for (const [value, label] of rows) assert.equal(sentimentLabel(value), label);
  });
});

describe('the average', () => {
  it('skips turns without a score and is undefined when none has one', () => {
    assert.ok(Math.abs((averageSentiment([0.6, undefined, null, -0.2]) ?? 0) - 0.2) < 1e-12);
    assert.equal(averageSentiment([undefined, null, Number.NaN]), undefined);
    assert.equal(averageSentiment([]), undefined);
  });
});

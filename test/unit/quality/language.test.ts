import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { detectAll } from 'tinyld';
import { QualityMetricsCollector } from '../../../exporter/quality/index.ts';
import { isEnglish, languageOf, SpokenLanguage } from '../../../exporter/quality/language.ts';
import { detectLanguages } from '../../../exporter/quality/language-detector.ts';
import { LexiconSentimentAnalyzer } from '../../../exporter/quality/lexicon-sentiment.ts';
import { anyText } from '../../support/texts.ts';

const analyzer = new LexiconSentimentAnalyzer();

describe('sentiment', () => {
  it('is not taken from words of another language, however short', () => {
    for (const text of [
      'die war',
      'ich war',
      'war gut',
      'das war gut',
      'die Katze ist tot',
      'die Rechnung war falsch',
      'ich habe Mist gebaut',
      'kein Problem',
      'je suis content',
      "c'est nul",
      'no gracias',
      'muy bien gracias, no fue un problema',
      'non merci',
      'mijn rekening was fout, dat is een ramp',
    ]) {
      assert.equal(analyzer.score(text), undefined, text);
    }
  });

  it('is taken from English, however short', () => {
    for (const text of [
      'great',
      'excellent',
      'terrible service',
      'no problem',
      'worst',
      'thanks',
      'what a mess',
      'hell no',
    ]) {
      assert.notEqual(analyzer.score(text), undefined, text);
    }
    assert.ok((analyzer.score('I am very angry about the bill') ?? 0) < 0);
  });

  it('goes by the language that is known, where one is', () => {
    assert.equal(analyzer.score('super', 'de'), undefined);
    assert.equal(analyzer.score('great', 'de-DE'), undefined);
    assert.notEqual(analyzer.score('great', 'en-US'), undefined);
    assert.notEqual(analyzer.score('great', 'multi'), undefined);
  });

  it('of a call takes a text that shows no language for one in the language before', () => {
    const quality = new QualityMetricsCollector();
    quality.turn({ userText: 'Nein, das ist falsch, ich will kündigen' });
    quality.turn({ userText: 'super' });
    assert.equal(quality.getSentiment()?.average, undefined);
    quality.turn({ userText: 'Sorry, I love this, it is really great' });
    quality.turn({ userText: 'super' });
    assert.ok((quality.getSentiment()?.average ?? 0) > 0);
  });
});

describe('the language', () => {
  it('of a text is what the text shows', () => {
    assert.equal(languageOf('that is great'), 'en');
    assert.equal(languageOf('die war'), 'de');
    assert.equal(languageOf('super'), undefined);
    assert.equal(languageOf(''), undefined);
    const speaker = new SpokenLanguage();
    assert.deepEqual(
      ['ok', 'das ist gut', 'ok'].map((text) => speaker.of(text)),
      [undefined, 'de', 'de'],
    );
  });

  it('is found by our own tables as by all of tinyld', () => {
    const only = 'id fr en de es pt it nl cs da sv fi no hu ro pl tr'.split(' ');
    const words = fc.constantFrom(
      ..."die war great please hvala olen iyi akşam nie wiem grazie mille ok 12 café übel así que l’eau don't".split(
        ' ',
      ),
      ...'årets år jag vill inte något ząb że Ich möchte бог 東京 👋 - !  ? . , \n'.split(' '),
    );
    const texts = fc.oneof(
      fc
        .array(fc.oneof({ weight: 4, arbitrary: words }, fc.string({ unit: 'grapheme', maxLength: 12 })))
        .map((list) => list.join(' ')),
      anyText({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        // Brackets of a text are words to the package.
        const plain = text.replace(/[(){}<>「」⋯《》]/g, '');
        assert.deepEqual(
          detectLanguages(plain),
          detectAll(plain, { only }).map(({ lang, accuracy }) => ({ lang, accuracy })),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('that a recogniser names is a tag', () => {
    assert.deepEqual(['en', 'en-GB', 'EN_us', 'de', 'de-DE', 'multi', '', undefined].map(isEnglish), [
      true,
      true,
      true,
      false,
      false,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { patchGroq } from '../../../instrumentation/sdks/groq/groq.ts';
import { DEADLINE_MS } from '../../../instrumentation/sdks/kit/requests/deadline.ts';
import { ATTR } from '../../../model/semconv.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);

/** A client of the shape of the real one, whose answers a test makes up. */
function client(answer: () => unknown) {
  class Completions {
    create(_body: unknown): unknown {
      return answer();
    }
  }
  const Groq = { Chat: { Completions } };
  patchGroq({ Groq });
  return new Completions();
}

describe('a chat request outside of any call', () => {
  it('whose stream no one reads ends after the deadline', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    takeSpans();
    client(() => new Promise(() => {})).create({ model: 'm', stream: true, messages: [] });
    t.mock.timers.tick(DEADLINE_MS - 1);
    assert.deepEqual(takeSpans(), []);
    t.mock.timers.tick(1);
    const [span] = takeSpans();
    assert.equal(span?.attributes[ATTR.stageCancelled], true);
  });

  it('that throws at once throws the same, and its span has the class', () => {
    takeSpans();
    const error = new TypeError('no such thing');
    const completions = client(() => {
      throw error;
    });
    assert.throws(() => completions.create({ model: 'm' }), error);
    assert.equal(takeSpans()[0]?.attributes[ATTR.errorType], 'TypeError');
  });

  it('survives bodies and answers that make no sense', async () => {
    for (const answer of [undefined, null, 7, 'text', {}, { choices: [null] }, { choices: 'x', usage: 7 }])
      for (const body of [
        undefined,
        null,
        'x',
        { messages: 'x' },
        { messages: [null, { content: [null, 7] }] },
      ]) {
        takeSpans();
        assert.equal(client(() => answer).create(body), answer);
        assert.equal(takeSpans().length, 1);
      }
  });

  it('gives a promise of another kind back as it is', async () => {
    takeSpans();
    const promise = Promise.resolve({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } });
    assert.equal(client(() => promise).create({ model: 'm' }), promise);
    await promise;
    await new Promise(setImmediate);
    assert.equal(takeSpans()[0]?.attributes[ATTR.inputTokens], 3);
  });
});

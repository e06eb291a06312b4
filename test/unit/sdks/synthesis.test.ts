import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { DEADLINE_MS } from '../../../instrumentation/sdks/deadline.ts';
import { Synthesis } from '../../../instrumentation/sdks/synthesis.ts';
import { ATTR } from '../../../instrumentation/semconv.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);

const start = () =>
  new Synthesis({ provider: 'acme', model: 'm', format: { headerBytes: 0, bytesPerSecond: 8_000 } });

it('a synthesis that nobody reads ends after the deadline', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  takeSpans();
  const synthesis = start();
  synthesis.say('Hello');
  synthesis.audio(8_000);
  t.mock.timers.tick(DEADLINE_MS - 1);
  assert.deepEqual(takeSpans(), []);
  t.mock.timers.tick(1);
  const [span] = takeSpans();
  assert.equal(span?.attributes[ATTR.stageCancelled], true);
  assert.equal(span.attributes[ATTR.usageCharacters], 5);
  assert.equal(span.attributes[ATTR.usageAudioSeconds], 1);
});

it('a synthesis that is refused before any audio came costs nothing', () => {
  takeSpans();
  const synthesis = start();
  synthesis.say('Hello');
  synthesis.fail(new TypeError('no'));
  const [span] = takeSpans();
  assert.equal(span?.attributes[ATTR.errorType], 'TypeError');
  assert.equal(span.attributes[ATTR.usageCharacters], undefined);
});

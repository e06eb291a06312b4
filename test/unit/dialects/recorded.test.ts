import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { recordedFacts } from '../../support/otlp-json.ts';
import { assertRows, expectedRows, RECORDING_PRICES } from '../../support/recorded-rows.ts';

/** Recorded conversations; test/fixtures/dialects/README.md says how each was made. */
const CONVERSATIONS = [
  'livekit-js',
  'livekit-python',
  'pipecat',
  'pipecat-observed',
  'openinference',
  'traceloop',
  'ai-sdk',
  'ai-sdk-legacy',
  'anthropic',
  'genai',
];

for (const name of CONVERSATIONS) {
  test(`${name}: the rows of the recorded conversation are those worked out by hand`, () => {
    assertRows(finalizeCall(recordedFacts(name), RECORDING_PRICES), expectedRows(name));
  });

  test(`${name}: spans in any order, some of them twice, give the same rows`, () => {
    const facts = recordedFacts(name);
    const once = finalizeCall(facts, RECORDING_PRICES);
    const delivery = fc
      .array(fc.constantFrom(...facts), { maxLength: 30 })
      .chain((again) =>
        fc.shuffledSubarray([...facts, ...again], { minLength: facts.length + again.length }),
      );
    fc.assert(
      fc.property(delivery, (delivered) => {
        // As the journal keeps them: through JSON.
        const read = JSON.parse(JSON.stringify(delivered));
        assert.deepEqual(finalizeCall(read, RECORDING_PRICES), once);
      }),
      { numRuns: 25 },
    );
  });

  test(`${name}: a lost span leaves rows that can be computed`, () => {
    const facts = recordedFacts(name);
    for (const lost of facts) {
      const rest = facts.filter((fact) => fact !== lost);
      assert.doesNotThrow(() => finalizeCall(rest, RECORDING_PRICES), `without ${lost.name}`);
    }
  });
}

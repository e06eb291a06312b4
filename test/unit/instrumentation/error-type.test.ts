import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorType } from '../../../instrumentation/call/spans.ts';

class RateLimitError extends Error {}
const coded = (code: unknown) => Object.assign(new Error('Anna Miller, 0179 4455667'), { code });

describe('the class of an error', () => {
  for (const [error, expected] of [
    [new RateLimitError('Anna Miller'), 'RateLimitError'],
    [coded('ECONNRESET'), 'ECONNRESET'],
    [{ code: 'rate_limit_exceeded', message: 'Anna Miller' }, 'rate_limit_exceeded'],
    [{ status: 429 }, '429'],
    ['connection_closed', 'connection_closed'],
    ['1011', '1011'],
  ] as const)
    it(`is ${expected}`, () => assert.equal(errorType(error), expected));

  for (const [what, error] of [
    ['a message that was thrown', 'Anna Miller is not known'],
    ['a number that was thrown', '0179-4455667'],
    ['a number without spaces', '01794455667'],
    ['a code that is a sentence', { code: 'No table for Anna Miller' }],
    ['a code that is a number', { code: '0179.4455667' }],
    ['the message of an error with such a code', coded('No table for Anna Miller')],
  ] as const)
    it(`is not ${what}`, () => assert.match(errorType(error), /^(_OTHER|Error)$/));
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { databaseProblem } from '../../../cli/database-problem.ts';
import {
  errorClass,
  isDataError,
  RETRYABLE_ERROR_CODES,
  withRetries,
} from '../../../exporter/store/errors.ts';

const failure = (code: string) => Object.assign(new Error('said in confidence'), { code });

/** Work that fails with `code` so many times, and how often it ran. */
function failing(times: number, code: string) {
  const work = {
    runs: 0,
    run: async () => {
      work.runs += 1;
      if (work.runs <= times) throw failure(code);
      return 'done';
    },
  };
  return work;
}

it('a failure that passes by itself is tried again, three times in all', async () => {
  const twice = failing(2, '40P01');
  assert.equal(await withRetries(twice.run), 'done');
  assert.equal(twice.runs, 3);
  const always = failing(9, '40001');
  await assert.rejects(withRetries(always.run), { code: '40001' });
  assert.equal(always.runs, 3);
});

it('any other failure is thrown at once', async () => {
  for (const code of ['22P02', '42P01', 'ECONNREFUSED', 'ETIMEDOUT', 'toString']) {
    const work = failing(9, code);
    await assert.rejects(withRetries(work.run), { code });
    assert.equal(work.runs, 1, code);
  }
});

it('a data error is never one that passes by itself', () => {
  for (const code of ['22003', '23502', '54000']) assert.equal(isDataError(failure(code)), true, code);
  for (const code of Object.keys(RETRYABLE_ERROR_CODES))
    assert.equal(isDataError(failure(code)), false, code);
  for (const other of [new Error('22003'), undefined, { code: 22003 }])
    assert.equal(isDataError(other), false);
});

it('what is kept of an error is its code or class, never its message', () => {
  assert.equal(errorClass(failure('22003')), '22003');
  assert.equal(errorClass(new RangeError('said in confidence')), 'RangeError');
  assert.equal(errorClass('said in confidence'), 'string');
});

it('to a user who may only read, a migration is not advised; to one without a schema it is', () => {
  const said = (message: string) =>
    databaseProblem(Object.assign(new Error(message), { code: '42501' }), 'postgres://reader:secret@db/x') ??
    '';
  const ofTable = said('permission denied for table call_scores');
  assert.match(
    ofTable,
    /_URL: permission denied for table call_scores: the user may not write there, .*\(42501\)\.$/,
  );
  assert.doesNotMatch(ofTable, /migrate|secret/);
  assert.match(said('permission denied for schema earshot'), /Run `earshot migrate`/);
});

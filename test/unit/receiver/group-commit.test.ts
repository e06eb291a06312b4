import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { GroupCommit } from '../../../exporter/receiver/group-commit.ts';
import type { AppendResult } from '../../../exporter/store/journal.ts';
import type { Fact } from '../../../model/facts.ts';

const facts = (count: number, callId = 'C'): Fact[] =>
  Array.from({ length: count }, (_, index) => ({
    type: 'other',
    traceId: 'a'.repeat(32),
    spanId: String(index).padStart(16, '0'),
    callId,
    name: 'x',
    startUs: 1,
    endUs: 2,
  }));

const done = (batch: readonly Fact[]): AppendResult => ({ written: batch.length, refused: [] });

/** A journal whose transactions end when the test says so. */
function journal() {
  const batches: { facts: readonly Fact[]; commit(): void; fail(error: Error): void }[] = [];
  const append = (batch: readonly Fact[]) =>
    new Promise<AppendResult>((resolve, reject) => {
      batches.push({ facts: batch, commit: () => resolve(done(batch)), fail: reject });
    });
  return { batches, append };
}

/** Long enough for everything to happen that waits for no one. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

test('requests that arrive together are one transaction', async () => {
  const sizes: number[] = [];
  const commits = new GroupCommit({
    append: async (batch) => {
      sizes.push(batch.length);
      return done(batch);
    },
  });
  assert.deepEqual(await Promise.all([1, 2, 3].map((count) => commits.commit(facts(count)))), [0, 0, 0]);
  assert.deepEqual(sizes, [6]);
});

test('no request is answered before its transaction is committed', async () => {
  const { batches, append } = journal();
  const commits = new GroupCommit({ append, writers: 1 });
  let answered = false;
  const first = commits.commit(facts(1)).then(() => {
    answered = true;
  });
  await settled();
  assert.equal(batches.length, 1);
  assert.equal(answered, false);
  batches[0]?.commit();
  await first;
});

test('what arrives during a transaction shares the next one', async () => {
  const { batches, append } = journal();
  const commits = new GroupCommit({ append, writers: 1 });
  const answers = [commits.commit(facts(1))];
  await settled();
  answers.push(commits.commit(facts(2)), commits.commit(facts(3)));
  await settled();
  assert.equal(batches.length, 1);
  batches[0]?.commit();
  await settled();
  assert.equal(batches[1]?.facts.length, 5);
  batches[1]?.commit();
  await Promise.all(answers);
});

test('a large request is several transactions, and answered after the last', async () => {
  const { batches, append } = journal();
  const commits = new GroupCommit({ append, writers: 1 });
  const sent = facts(4_500);
  let answered = false;
  const answer = commits.commit(sent).then(() => {
    answered = true;
  });
  for (let index = 0; index < 3; index += 1) {
    await settled();
    assert.equal(answered, false);
    batches[index]?.commit();
  }
  await answer;
  assert.deepEqual(
    batches.map((batch) => batch.facts.length),
    [2_000, 2_000, 500],
  );
  assert.deepEqual(
    batches.flatMap((batch) => batch.facts),
    sent,
  );
});

test('a transaction that fails fails its requests and those that wait behind it, and the next one works', async () => {
  const { batches, append } = journal();
  const commits = new GroupCommit({ append, writers: 1 });
  const first = commits.commit(facts(1));
  await settled();
  const second = commits.commit(facts(1));
  const rejected = [assert.rejects(first, /away/), assert.rejects(second, /away/)];
  batches[0]?.fail(new Error('away'));
  await Promise.all(rejected);
  const third = commits.commit(facts(1));
  await settled();
  batches[1]?.commit();
  assert.equal(await third, 0);
});

test('each request is told how many of its own facts were refused', async () => {
  const bad = facts(2, 'BAD');
  const commits = new GroupCommit({
    append: async (batch) => ({
      written: 1,
      refused: batch.filter((fact) => fact.callId === 'BAD').map((fact) => ({ fact, reason: '22021' })),
    }),
  });
  assert.deepEqual(
    await Promise.all([commits.commit(facts(3)), commits.commit([...facts(1), ...bad])]),
    [0, 2],
  );
});

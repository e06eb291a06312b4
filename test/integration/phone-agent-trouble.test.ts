import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startDemoWorld } from '../../demo/world.ts';
import { longAnswerHangs } from '../support/long-answer.ts';

describe('the example agent in trouble', { concurrency: 2 }, () => {
  test('an agent that is told to end lets its calls end first; an answer still being made is abandoned', async () => {
    let told = false;
    const other = await startDemoWorld({
      seed: 3,
      chat: { scripted: longAnswerHangs },
      onProgress: ({ kind }) => {
        // Once: a second signal ends it without waiting.
        if (kind === 'said' && !told) other.agent.kill('SIGTERM');
        told ||= kind === 'said';
      },
    });
    try {
      const [bargeIn] = await other.makeCalls(['barge_in']);
      assert.ok(bargeIn);
      assert.deepEqual([bargeIn.endedBy, bargeIn.turns.length], ['caller', 4]);
      assert.deepEqual(await other.agent.exited(), { code: 0, signal: null });
      assert.equal(other.agent.complaints, '');
      const { chat } = other.providerTruth(bargeIn.callSid);
      const aborted = chat.filter((event) => event.kind === 'aborted');
      assert.equal(aborted.length, 1);
      assert.ok(aborted[0]?.kind === 'aborted' && aborted[0].sent.startsWith('Of course. Today we have'));
    } finally {
      await other.close();
    }
  });

  test('a caller is asked again when a provider fails, and the call goes on', async () => {
    const other = await startDemoWorld({ seed: 4 });
    try {
      // The SDK tries three times.
      other.chat.faults.next(...Array.from({ length: 3 }, () => ({ kind: 'status', status: 503 }) as const));
      const [call] = await other.makeCalls(['plain']);
      assert.ok(call);
      const spoken = other
        .providerTruth(call.callSid)
        .cartesia.flatMap((e) => (e.kind === 'received' ? [e.text] : []));
      assert.ok(spoken.includes('Sorry, something went wrong here. Could you say that again?'));
      assert.ok(spoken.includes('A table for two at seven.'));
      assert.match(other.agent.output.stderr, /503/);
    } finally {
      await other.close();
    }
  });
});

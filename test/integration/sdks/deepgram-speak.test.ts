import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import type { Fact } from '../../../model/facts.ts';
import { DEEPGRAM_SDKS } from '../../support/deepgram-sdks.ts';
import { turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  beginsToPlay,
  connectV1,
  connectV2,
  FIRST,
  FLUX,
  isFirstByteOf,
  last,
  PHONE,
  SECOND,
  serveSpeak,
  simulator,
  syntheses,
  truth,
} from '../../support/sdks/deepgram-speak.ts';
import { takeFacts } from '../../support/spans.ts';

serveSpeak();

for (const { name, Client } of DEEPGRAM_SDKS) {
  describe(`speak v1 over its socket, ${name}`, () => {
    it('makes one stage of what is sent between two flushes, in the turn that it answers', async () => {
      const call = new Call();
      takeFacts();
      const active: boolean[] = [];
      const socket = await call.run(() => connectV1(Client));
      socket.on('message', (message) => {
        if ((message as { type?: unknown }).type === 'Flushed') active.push(activeCall() === call);
      });
      const sentUs = Date.now() * 1_000;
      call.run(() => {
        socket.sendText({ type: 'Speak', text: FIRST.slice(0, 10) });
        socket.sendText({ type: 'Speak', text: FIRST.slice(10) });
        socket.sendFlush({ type: 'Flush' });
        socket.sendText({ type: 'Speak', text: SECOND });
        socket.sendFlush({ type: 'Flush' });
      });
      const { tts } = await syntheses(2);
      assert.deepEqual(
        tts.map(({ usage }) => usage),
        truth('finished')
          .slice(-2)
          .map(({ audioSeconds }, i) => ({
            characters: [FIRST, SECOND][i]?.length,
            audioSeconds,
          })),
      );
      const firstBytes = truth('first_byte').slice(-2);
      for (const [i, fact] of tts.entries()) {
        assert.equal(fact.turnIndex, 0);
        assert.equal(fact.provider, 'deepgram');
        assert.equal(fact.model, PHONE.model);
        assertNear(fact.startUs, sentUs);
        isFirstByteOf(fact, firstBytes[i] as { atMicros: number });
      }
      assert.deepEqual(active, [true, true]);
      socket.close();
      call.end();
    });

    it('is cancelled by a clear, and what was on its way belongs to nothing', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connectV1(Client));
      const types: unknown[] = [];
      socket.on('message', (message) => types.push((message as { type?: unknown }).type));
      await beginsToPlay(call, () => {
        socket.sendText({ type: 'Speak', text: SECOND });
        socket.sendFlush({ type: 'Flush' });
      });
      call.run(() => {
        socket.sendClear({ type: 'Clear' });
        socket.sendText({ type: 'Speak', text: FIRST });
        socket.sendFlush({ type: 'Flush' });
      });
      const { tts } = await syntheses(2);
      const [cleared, next] = tts;
      assert.equal(cleared?.cancelled, true);
      assert.equal(cleared.usage?.characters, SECOND.length);
      assert.equal(cleared.errorType, undefined);
      assert.deepEqual(next?.usage, {
        characters: FIRST.length,
        audioSeconds: last('finished').audioSeconds,
      });
      isFirstByteOf(next, last('first_byte'));
      assert.ok(types.includes('Cleared'));
      socket.close();
      call.end();
    });
  });
}

// The oldest SDK has no speak v2. What else follows does not depend on how the SDK was loaded.
const [{ Client: Newest }, { Client: NewestCommonJs }] = DEEPGRAM_SDKS;

for (const [name, Client] of [
  ['from ESM', Newest],
  ['from CommonJS', NewestCommonJs],
] as const) {
  describe(`speak v2, ${name}`, () => {
    it('counts each turn as the service bills it', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connectV2(Client));
      const billed = `${FIRST}\n`;
      call.run(() => {
        socket.sendSpeak({ type: 'Speak', text: billed });
        socket.sendFlush({ type: 'Flush' });
        socket.sendSpeak({ type: 'Speak', text: SECOND });
        socket.sendFlush({ type: 'Flush' });
      });
      const { tts } = await syntheses(2);
      const finished = truth('finished').slice(-2);
      assert.deepEqual(
        tts.map(({ usage, model, turnIndex }) => ({ usage, model, turnIndex })),
        [FIRST, SECOND].map((text, i) => ({
          usage: { characters: text.length, audioSeconds: finished[i]?.audioSeconds },
          model: FLUX.model,
          turnIndex: 0,
        })),
      );
      for (const [i, event] of truth('first_byte').slice(-2).entries()) isFirstByteOf(tts[i], event);
      socket.close();
      call.end();
    });

    it('is cancelled by an interruption when it was asked for, with what it is billed as', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connectV2(Client));
      await beginsToPlay(call, () => {
        socket.sendSpeak({ type: 'Speak', text: SECOND });
        socket.sendFlush({ type: 'Flush' });
      });
      const interruptedUs = Date.now() * 1_000;
      socket.sendInterrupt({ type: 'Interrupt' });
      const { tts } = await syntheses(1);
      assert.equal(tts[0]?.cancelled, true);
      assertNear(tts[0].endUs, interruptedUs);
      assert.deepEqual(tts[0].usage, {
        characters: SECOND.length,
        audioSeconds: last('aborted').audioSeconds,
      });
      socket.close();
      call.end();
    });

    it('goes on when the service takes no interruption', async () => {
      const call = new Call();
      takeFacts();
      const socket = await call.run(() => connectV2(Client));
      call.run(() => {
        socket.sendSpeak({ type: 'Speak', text: FIRST });
        socket.sendFlush({ type: 'Flush' });
      });
      socket.sendInterrupt({ type: 'Interrupt' });
      const { tts } = await syntheses(1);
      assert.equal(tts[0]?.cancelled, undefined);
      assert.equal(tts[0]?.usage?.characters, FIRST.length);
      isFirstByteOf(tts[0], last('first_byte'));
      socket.close();
      call.end();
    });
  });
}

describe('a socket of speak', () => {
  it('speaks what was sent before a close to its end', async () => {
    takeFacts();
    const call = new Call();
    const socket = await call.run(() => connectV1(Newest));
    call.run(() => socket.sendText({ type: 'Speak', text: FIRST }));
    socket.sendClose({ type: 'Close' });
    const { tts } = await syntheses(1);
    assert.equal(tts[0]?.cancelled, undefined);
    assert.deepEqual(tts[0]?.usage, {
      characters: FIRST.length,
      audioSeconds: last('finished').audioSeconds,
    });
    call.end();
  });

  it('that the application closes cancels, and one that breaks fails', async () => {
    takeFacts();
    const call = new Call();
    const closed = await call.run(() => connectV1(Newest));
    const before = truth('first_byte').length;
    call.run(() => {
      closed.sendText({ type: 'Speak', text: SECOND });
      closed.sendFlush({ type: 'Flush' });
    });
    await poll(() => truth('first_byte').length > before);
    closed.close();
    const cancelled = await syntheses(1);
    assert.equal(cancelled.tts[0]?.cancelled, true);
    assert.equal(cancelled.tts[0].errorType, undefined);

    simulator.faults.next({ kind: 'cut', afterChunks: 2 });
    const cut = await call.run(() => connectV1(Newest, { reconnectAttempts: 0 }));
    call.run(() => {
      cut.sendText({ type: 'Speak', text: SECOND });
      cut.sendFlush({ type: 'Flush' });
    });
    const failed = await syntheses(1);
    assert.equal(failed.tts[0]?.errorType, 'connection_closed');
    assert.deepEqual(failed.tts[0]?.usage, { characters: SECOND.length, audioSeconds: 0.2 });
    cut.close();
    call.end();
  });

  it('serves two calls at once, each with its own texts', async () => {
    takeFacts();
    const calls = [new Call(), new Call()];
    const socket = await connectV1(Newest);
    for (const [i, call] of calls.entries())
      call.run(() => {
        socket.sendText({ type: 'Speak', text: [FIRST, SECOND][i] ?? '' });
        socket.sendFlush({ type: 'Flush' });
      });
    const { tts } = await syntheses(2);
    assert.deepEqual(
      tts.map(({ callId, usage }) => [callId, usage?.characters]),
      [
        [calls[0]?.id, FIRST.length],
        [calls[1]?.id, SECOND.length],
      ],
    );
    socket.close();
    for (const call of calls) call.end();
  });

  it('is silent about what a framework reports itself, and keeps its order', async () => {
    takeFacts();
    const call = new Call();
    const socket = await call.run(() => connectV1(Newest));
    call.run(() => {
      context.with(withReportedStages(context.active()), () => {
        socket.sendText({ type: 'Speak', text: FIRST });
        socket.sendFlush({ type: 'Flush' });
      });
      socket.sendText({ type: 'Speak', text: SECOND });
      socket.sendFlush({ type: 'Flush' });
    });
    const { tts } = await syntheses(1);
    assert.deepEqual(tts[0]?.usage, {
      characters: SECOND.length,
      audioSeconds: last('finished').audioSeconds,
    });
    socket.close();
    call.end();
  });

  it('shows a barge-in into audio that had all come', async () => {
    takeFacts();
    const call = new Call();
    const socket = await call.run(() => connectV1(Newest));
    call.run(() => {
      socket.sendText({ type: 'Speak', text: SECOND });
      socket.sendFlush({ type: 'Flush' });
    });
    await syntheses(1);
    assert.equal(call.turn?.playing, true);
    const { tracker } = call;
    tracker.speechStarted(Date.now());
    tracker.wordsHeard(Date.now());
    call.run(() => socket.sendClear({ type: 'Clear' }));
    const facts: Fact[] = [];
    await poll(() => facts.push(...takeFacts()) && facts.some(({ type }) => type === 'turn'));
    const turn = turnsOf(facts)[0];
    assert.equal(turn?.interrupted, true);
    socket.close();
    call.end();
  });
});

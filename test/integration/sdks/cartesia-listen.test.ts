import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import { audioSecondsOf, callsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  BUILDS,
  client,
  closed,
  factsOf,
  firstSentUs,
  manual,
  SPOKEN,
  secondsWith,
  sentUs,
  serveListen,
  simulator,
  speak,
  turns,
} from '../../support/sdks/cartesia-listen.ts';
import { takeFacts } from '../../support/spans.ts';
import { silence } from '../../support/talking.ts';

serveListen();

for (const { name, Client } of BUILDS) {
  describe(`transcription of Cartesia, ${name}`, () => {
    it('follows the turns that the service finds', async () => {
      const call = new Call();
      takeFacts();
      const socket = call.run(() => turns(undefined, Client));
      const seen: unknown[] = [];
      socket.on('turn.end', () => seen.push(activeCall() === call && call.turn !== undefined));
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.7));
      await poll(() => seen.length > 0);
      socket.send({ type: 'close' });
      assert.equal(await closed(socket), 1000);
      call.end();
      assert.deepEqual(seen, [true]);

      const facts = factsOf(call);
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assertNear(turn?.speechStartedUs, sentUs('turn.start'), lateUs);
      assertNear(turn?.speechEndedUs, sentUs('turn.eager_end'), lateUs);
      assertNear(turn?.committedUs, sentUs('turn.end'), lateUs);
      assert.equal(turn?.eouSource, 'stt_event');
      const [spoken, rest, ...stages] = stagesOf(facts, 'stt');
      assert.deepEqual(stages, []);
      assert.equal(spoken?.provider, 'cartesia');
      assert.equal(spoken.model, 'ink-2');
      assert.equal(spoken.streaming, true);
      assert.equal(spoken.turnIndex, 0);
      assertNear(spoken.firstByteUs, firstSentUs('turn.update', startUs), lateUs);
      assert.equal(rest?.turnIndex, undefined);
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), secondsWith(0.7));
    });

    it('tells when the user spoke, from the audio, where words have their times', async () => {
      const call = new Call();
      takeFacts();
      const socket = call.run(() => manual({}, Client));
      const { startUs, lateUs } = await speak(socket, SPOKEN.mulaw);
      await speak(socket, silence(0.1));
      socket.send('finalize');
      await poll(() => sentUs('flush_done') > startUs && call.turn?.userText);
      assert.equal(call.turn?.userText, SPOKEN.text);
      socket.send('close');
      await closed(socket);
      call.end();

      const facts = factsOf(call);
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assertNear(turn?.speechStartedUs, startUs + SPOKEN.speechStartSeconds * 1e6, lateUs);
      assertNear(turn?.speechEndedUs, startUs + SPOKEN.speechEndSeconds * 1e6, lateUs);
      assertNear(turn?.committedUs, sentUs('flush_done'), lateUs);
      assert.equal(turn?.eouSource, 'stt_word_end');
      assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), secondsWith(0.1));
    });
  });
}

describe('a socket of Cartesia’s transcription', () => {
  it('goes on with a turn that only seemed to be over', async () => {
    const call = new Call();
    takeFacts();
    const socket = call.run(() => turns());
    await speak(socket, SPOKEN.mulaw);
    await speak(socket, silence(Math.max(0, 0.35 - (SPOKEN.mulaw.length / 8_000 - SPOKEN.speechEndSeconds))));
    const { lateUs } = await speak(socket, SPOKEN.mulaw);
    await speak(socket, silence(0.7));
    const text = await poll(() => call.turn?.userText);
    assert.equal(text, `${SPOKEN.text} ${SPOKEN.text}`);
    assert.ok(sentUs('turn.resume') < sentUs('turn.eager_end'));
    socket.send({ type: 'close' });
    await closed(socket);
    call.end();
    const turn = turnsOf(factsOf(call));
    assert.equal(turn.length, 1);
    assertNear(turn[0]?.speechEndedUs, sentUs('turn.eager_end'), lateUs);
  });

  it('ends an utterance that the model finishes by itself', async () => {
    const call = new Call();
    takeFacts();
    const socket = call.run(() => manual({ model: 'ink-whisper', max_silence_duration_secs: 0.4 }));
    await speak(socket, SPOKEN.mulaw);
    const { lateUs } = await speak(socket, silence(0.6));
    await poll(() => call.turn?.userText);
    socket.send('close');
    await closed(socket);
    call.end();
    assertNear(turnsOf(factsOf(call))[0]?.committedUs, sentUs('transcript'), lateUs);
  });

  it('opens a call of its own when there is none, and ends it when it closes', async () => {
    takeFacts();
    const socket = turns();
    let inside: Call | undefined;
    socket.on('connected', () => {
      inside = activeCall();
    });
    await speak(socket, silence(0.1));
    await poll(() => inside);
    assert.equal(activeCall(), undefined);
    socket.close();
    await closed(socket);
    assert.equal(inside?.ended, true);
    const facts = takeFacts();
    const call = callsOf(facts)[0];
    assert.equal(call?.callId, inside.id);
    assert.equal(call.endReason, 'connection_closed');
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), 0.1);
  });

  it('is read with for await as well', async () => {
    const call = new Call();
    takeFacts();
    const socket = call.run(() => manual());
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of socket.stream())
        types.push(event.type === 'message' ? event.message.type : event.type);
    })();
    await speak(socket, SPOKEN.mulaw);
    socket.sendRaw('close');
    await reading;
    call.end();
    assert.deepEqual(types.slice(-2), ['done', 'close']);
    assert.equal(audioSecondsOf(stagesOf(factsOf(call), 'stt')), SPOKEN.mulaw.length / 8_000);
  });

  it('keeps two calls apart', async () => {
    takeFacts();
    const calls = [new Call(), new Call()] as const;
    const seen = new Set<string | undefined>();
    const talk = async (call: Call, audio: Uint8Array): Promise<void> => {
      const socket = call.run(() => turns());
      socket.on('turn.end', () => seen.add(activeCall()?.id));
      await speak(socket, audio);
      await speak(socket, silence(0.7));
      socket.send({ type: 'close' });
      await closed(socket);
      call.end();
    };
    await Promise.all([talk(calls[0], SPOKEN.mulaw), talk(calls[1], silence(0.2))]);
    const facts = takeFacts();
    assert.deepEqual(
      turnsOf(facts).map(({ callId }) => callId),
      [calls[0].id],
    );
    assert.deepEqual([...seen], [calls[0].id]);
    assert.deepEqual(
      calls.map(({ id }) => audioSecondsOf(stagesOf(facts, 'stt').filter(({ callId }) => callId === id))),
      [secondsWith(0.7), 0.9],
    );
  });

  it('counts what is sent over two connections, also what waits for the second', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'cut', afterChunks: 2 });
    const reconnect = { onReconnecting: () => undefined, initialDelay: 100 };
    const socket = call.run(() => turns({ reconnect }));
    let reconnected = false;
    socket.on('reconnected', () => {
      reconnected = activeCall() === call;
    });
    await speak(socket, SPOKEN.mulaw);
    await poll(() => reconnected);
    const { lateUs } = await speak(socket, SPOKEN.mulaw);
    await speak(socket, silence(0.7));
    await poll(() => sentUs('turn.end') > sentUs('turn.start'));
    socket.send({ type: 'close' });
    await closed(socket);
    call.end();
    const facts = factsOf(call);
    assertNear(turnsOf(facts).at(-1)?.speechEndedUs, sentUs('turn.eager_end'), lateUs);
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), (2 * SPOKEN.mulaw.length + 0.7 * 8_000) / 8_000);
  });

  it('gives what was understood when the connection breaks in the middle', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'cut', afterChunks: 4 });
    const socket = call.run(() => turns());
    socket.on('error', () => {});
    await speak(socket, SPOKEN.mulaw);
    assert.notEqual(call.turn?.userText, undefined);
    call.end();
    assert.deepEqual(
      stagesOf(factsOf(call), 'stt').map(({ turnIndex, cancelled, errorType }) => [
        turnIndex,
        cancelled,
        errorType,
      ]),
      [
        [0, true, undefined],
        [undefined, undefined, 'connection_closed'],
      ],
    );
  });

  it('fails with the error of the service, and with what refused it: nothing was heard then', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'close', code: 1008, afterMessages: 1 }, { kind: 'status', status: 429 });
    for (let i = 0; i < 2; i++) {
      const socket = call.run(() => turns());
      const errors: Error[] = [];
      socket.on('error', (error) => errors.push(error));
      const over = closed(socket);
      await speak(socket, SPOKEN.mulaw);
      await over;
      assert.ok(errors.length > 0);
    }
    call.end();
    const stt = stagesOf(factsOf(call), 'stt');
    assert.deepEqual(
      stt.map(({ errorType }) => errorType),
      ['concurrency_limited', '429'],
    );
    assert.ok((stt[0]?.usage?.audioSeconds ?? 0) > 0);
    assert.equal(stt[1]?.usage, undefined);
  });

  it('is left to a framework that reports it itself', async () => {
    const call = new Call();
    takeFacts();
    const socket = context.with(withReportedStages(call.context), () => turns());
    await speak(socket, silence(0.1));
    socket.close();
    await closed(socket);
    call.end();
    assert.deepEqual(stagesOf(factsOf(call), 'stt'), []);
  });

  it('leaves the application its own errors', async () => {
    const socket = turns();
    const errors: string[] = [];
    socket.on('error', ({ message }) => errors.push(message));
    await poll(() => socket.socket.readyState === 1);
    socket.close();
    socket.sendRaw(silence(0.02));
    await closed(socket);
    assert.deepEqual(errors, ['cannot send on a closed WebSocket']);
    assert.throws(() =>
      client().stt.autoFinalize.websocket(undefined as never, { protocolVersion: 1 } as never),
    );
  });
});

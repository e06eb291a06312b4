import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TurnEvent } from 'assemblyai';
import { MULAW_SILENCE } from '../../../demo/audio.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { activeCall } from '../../../instrumentation/call/scope.ts';
import { audioSecondsOf, callsOf, stagesOf, turnsOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import {
  BUILDS,
  billed,
  factsOf,
  serveAssemblyAi,
  simulator,
  transcriber,
} from '../../support/sdks/assemblyai.ts';
import { SPOKEN, say, silence, to, untilClosed } from '../../support/sdks/assemblyai-speech.ts';
import { takeFacts } from '../../support/spans.ts';
import { talk } from '../../support/talking.ts';

serveAssemblyAi();

for (const { name, make } of BUILDS) {
  describe(name, () => {
    it('tells when the user spoke, from the audio and not from when messages came', async () => {
      const call = new Call();
      takeFacts();
      const seen: { active: boolean; turn: boolean }[] = [];
      const session = transcriber(make);
      session.on('turn', ({ end_of_turn }) => {
        if (end_of_turn) seen.push({ active: activeCall() === call, turn: call.turn !== undefined });
      });
      const begin = await call.run(() => session.connect());
      assert.equal(begin.type, 'Begin');
      const { startUs, lateUs } = await say(session);
      await poll(() => seen.length > 0);
      await session.close();
      call.end();
      assert.deepEqual(seen, [{ active: true, turn: true }]);

      const facts = factsOf(call);
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assert.ok(turn?.speechStartedUs && turn.speechEndedUs && turn.committedUs);
      const speechStartUs = startUs + SPOKEN.speechStartSeconds * 1e6;
      const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
      assert.ok(Math.abs(turn.speechStartedUs - speechStartUs) < 20_000 + lateUs);
      assert.ok(Math.abs(turn.speechEndedUs - speechEndUs) < 20_000 + lateUs);
      assert.equal(turn.eouSource, 'stt_word_end');
      const turns = simulator.truth.filter(
        (event) => event.kind === 'sent' && event.atMicros > startUs && event.message.type === 'Turn',
      );
      const [firstSent, lastSent] = [turns.at(0)?.atMicros ?? 0, turns.at(-1)?.atMicros ?? 0];
      assert.ok(Math.abs(turn.committedUs - lastSent) < 20_000 + lateUs);

      const [spoken, rest, ...stages] = stagesOf(facts, 'stt');
      assert.deepEqual(stages, []);
      assert.equal(spoken?.turnIndex, 0);
      assert.equal(spoken.provider, 'assemblyai');
      assert.equal(spoken.model, 'universal-streaming-english');
      assert.equal(spoken.streaming, true);
      assert.ok(Math.abs((spoken.firstByteUs ?? 0) - firstSent) < 20_000 + lateUs);
      assert.equal(rest?.turnIndex, undefined);
      assert.equal(audioSecondsOf([spoken, ...(rest ? [rest] : [])]), billed().at(-1));
    });

    it('leaves the application its own errors', async () => {
      const session = transcriber(make);
      assert.throws(() => session.sendAudio(silence(0.02).buffer as ArrayBuffer), /Socket is not open/);
      const plain = transcriber(make, { websocketBaseUrl: 'ws://127.0.0.1:1' });
      await assert.rejects(async () => plain.connect(), /must be wss/);
      await session.connect();
      await assert.rejects(async () => session.connect(), /Already connected/);
      await session.close();
    });

    it('tells by what a session broke', async () => {
      const call = new Call();
      takeFacts();
      simulator.faults.next({ kind: 'close', code: 3008, afterMessages: 1 });
      const session = transcriber(make);
      const codes: number[] = [];
      session.on('close', (code) => codes.push(code));
      await call.run(() => session.connect());
      await talk(untilClosed(session), SPOKEN.samples);
      await poll(() => codes.length > 0);
      assert.deepEqual(codes, [3008]);
      call.end();
      const facts = factsOf(call);
      assert.deepEqual(
        stagesOf(facts, 'stt').map(({ errorType }) => errorType),
        ['3008'],
      );
    });
  });
}

describe('a session of AssemblyAI', () => {
  const { make } = BUILDS[0] as (typeof BUILDS)[0];

  it('opens a call of its own when there is none, and ends it when it closes', async () => {
    takeFacts();
    const session = transcriber(make);
    let inside: Call | undefined;
    session.on('open', () => {
      inside = activeCall();
    });
    await session.connect();
    await talk(to(session), silence(0.1));
    assert.equal(activeCall(), undefined);
    await session.close();
    assert.equal(inside?.ended, true);
    const call = callsOf(takeFacts())[0];
    assert.equal(call?.callId, inside.id);
    assert.equal(call.endReason, 'connection_closed');
  });

  it('counts a turn once that comes again formatted', async () => {
    const call = new Call();
    takeFacts();
    const session = transcriber(make, { formatTurns: true });
    const ends: TurnEvent[] = [];
    session.on('turn', (turn) => {
      if (turn.end_of_turn) ends.push(turn);
    });
    await call.run(() => session.connect());
    await say(session);
    await poll(() => ends.length === 2);
    assert.deepEqual(
      ends.map(({ turn_is_formatted }) => turn_is_formatted),
      [false, true],
    );
    assert.equal(call.turn?.userText, ends[0]?.transcript);
    await session.close();
    call.end();
    const facts = factsOf(call);
    assert.equal(turnsOf(facts).length, 1);
    assert.equal(stagesOf(facts, 'stt').filter(({ turnIndex }) => turnIndex === 0).length, 1);
  });

  it('accepts what the application ends with forceEndpoint', async () => {
    const call = new Call();
    takeFacts();
    const session = transcriber(make, { minTurnSilence: 5_000 });
    await call.run(() => session.connect());
    await talk(to(session), SPOKEN.samples);
    const forcedUs = nowUs();
    session.updateConfiguration({ vad_threshold: 0.5 });
    session.forceEndpoint();
    await poll(() => call.turn?.userText);
    await session.close();
    call.end();
    const [turn] = turnsOf(factsOf(call));
    assert.ok(turn?.committedUs && turn.committedUs > forcedUs);
  });

  it('reads mulaw from a stream, with a temporary token', async () => {
    const call = new Call();
    takeFacts();
    const session = make({
      token: 'temporary',
      websocketBaseUrl: simulator.wsUrl,
      sampleRate: 8_000,
      encoding: 'pcm_mulaw',
    });
    await call.run(() => session.connect());
    const writer = session.stream().getWriter();
    const { startUs, lateUs } = await talk((frame) => void writer.write(frame.buffer), SPOKEN.mulaw);
    await talk((frame) => void writer.write(frame.buffer), new Uint8Array(4_800).fill(MULAW_SILENCE));
    await poll(() => call.turn?.userText);
    await session.close();
    call.end();
    const facts = factsOf(call);
    const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
    assert.ok(Math.abs((turnsOf(facts)[0]?.speechEndedUs ?? 0) - speechEndUs) < 20_000 + lateUs);
    assert.equal(stagesOf(facts, 'stt')[0]?.model, undefined);
    const opened = simulator.truth.findLast((event) => event.kind === 'opened');
    assert.equal(opened?.kind === 'opened' && opened.authorization, undefined);
  });

  it('counts what was sent of two channels: their mix', async () => {
    const call = new Call();
    takeFacts();
    const session = transcriber(make, { channels: [{ name: 'caller' }, { name: 'agent' }] });
    await call.run(() => session.connect());
    await talk((frame) => {
      session.sendAudio(frame.buffer as ArrayBuffer, { channel: 'caller' });
      session.sendAudio(frame.buffer as ArrayBuffer, { channel: 'agent' });
    }, silence(0.3));
    await session.close(false);
    await poll(() => simulator.truth.at(-1)?.kind === 'closed');
    const [spoken] = await poll(() => {
      const facts = stagesOf(factsOf(call), 'stt');
      return facts.length > 0 && facts;
    });
    call.end();
    const closed = simulator.truth.findLast((event) => event.kind === 'closed');
    assert.ok(spoken?.usage?.audioSeconds && closed?.kind === 'closed');
    assert.ok(spoken.usage.audioSeconds >= closed.audioSeconds);
  });

  it('keeps two calls apart', async () => {
    takeFacts();
    const calls = [new Call(), new Call()];
    const seen = new Map<string | undefined, number>();
    const converse = async (call: Call, audio: Int16Array): Promise<number | undefined> => {
      const session = transcriber(make);
      session.on('turn', () => seen.set(activeCall()?.id, (seen.get(activeCall()?.id) ?? 0) + 1));
      await call.run(() => session.connect());
      await talk(to(session), audio);
      await talk(to(session), silence(0.6));
      const before = billed().length;
      await session.close();
      call.end();
      return billed()[before];
    };
    const [first, second] = calls as [Call, Call];
    const seconds = await Promise.all([converse(first, SPOKEN.samples), converse(second, silence(0.2))]);
    const facts = takeFacts();
    assert.deepEqual(
      turnsOf(facts).map(({ callId }) => callId),
      [first.id],
    );
    assert.deepEqual([...seen.keys()], [first.id]);
    assert.deepEqual(
      calls.map(({ id }) => audioSecondsOf(stagesOf(facts, 'stt').filter(({ callId }) => callId === id))),
      seconds,
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import { Call } from '../../../instrumentation/call/call.ts';
import { withReportedStages } from '../../../instrumentation/call/scope.ts';
import { audioSecondsOf, stagesOf, turnsOf } from '../../support/facts.ts';
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

describe('a session of AssemblyAI', () => {
  const { make } = BUILDS[0] as (typeof BUILDS)[0];

  it('counts the audio of the next session of a call from zero', async () => {
    const call = new Call();
    takeFacts();
    const before = billed().length;
    const first = transcriber(make);
    await call.run(() => first.connect());
    await talk(to(first), silence(0.3));
    await first.close();
    const second = transcriber(make);
    await call.run(() => second.connect());
    const { startUs, lateUs } = await say(second);
    await poll(() => call.turn?.userText);
    await second.close();
    call.end();
    const facts = factsOf(call);
    const speechEndUs = startUs + SPOKEN.speechEndSeconds * 1e6;
    assert.ok(Math.abs((turnsOf(facts)[0]?.speechEndedUs ?? 0) - speechEndUs) < 20_000 + lateUs);
    const total = billed()
      .slice(before)
      .reduce((sum, seconds) => sum + seconds * 1e6, 0);
    assert.equal(audioSecondsOf(stagesOf(facts, 'stt')), Math.round(total) / 1e6);
  });

  it('gives what was understood when the connection breaks in the middle', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'cut', afterChunks: 4 });
    const session = transcriber(make);
    let gone = false;
    session.on('close', () => {
      gone = true;
    });
    await call.run(() => session.connect());
    let bytes = 0;
    const send = untilClosed(session);
    await talk((frame) => {
      const sent = send(frame);
      if (sent) bytes += frame.byteLength;
      return sent;
    }, SPOKEN.samples);
    await poll(() => gone);
    assert.notEqual(call.turn?.userText, undefined);
    call.end();
    const stt = stagesOf(factsOf(call), 'stt');
    assert.deepEqual(
      stt.map(({ turnIndex, cancelled, errorType }) => [turnIndex, cancelled, errorType]),
      [
        [0, true, undefined],
        [undefined, undefined, 'connection_closed'],
      ],
    );
    assert.equal(audioSecondsOf(stt), bytes / 16_000);
  });

  it('fails when it is refused, once for each time that the SDK tries', async () => {
    const call = new Call();
    takeFacts();
    simulator.faults.next({ kind: 'status', status: 429 }, { kind: 'close', code: 4029, afterMessages: 0 });
    const session = transcriber(make, { maxConnectionRetries: 1, connectionRetryDelay: 1 });
    await assert.rejects(() => call.run(() => session.connect()), { message: 'Rate limited' });
    simulator.faults.next({ kind: 'delay', ms: 200 });
    const slow = transcriber(make, { connectTimeout: 20 });
    await assert.rejects(() => call.run(() => slow.connect()), /timed out/);
    call.end();
    assert.deepEqual(
      stagesOf(factsOf(call), 'stt').map(({ errorType, usage }) => [errorType, usage?.audioSeconds]),
      [
        ['429', undefined],
        ['4029', undefined],
        ['StreamingError', undefined],
      ],
    );
  });

  it('is left to a framework that reports it itself', async () => {
    const call = new Call();
    takeFacts();
    const session = transcriber(make);
    await context.with(withReportedStages(call.context), () => session.connect());
    await talk(to(session), silence(0.1));
    await session.close();
    call.end();
    assert.deepEqual(stagesOf(factsOf(call), 'stt'), []);
  });

  it('is nothing to tell of when it is refused outside of any call', async () => {
    takeFacts();
    simulator.faults.next({ kind: 'status', status: 401 });
    await assert.rejects(transcriber(make).connect(), /401/);
    assert.deepEqual(takeFacts(), []);
  });
});

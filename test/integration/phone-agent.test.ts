import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { synthesize } from '../../demo/simulators/voice.ts';
import { type DemoWorld, startDemoWorld, type WorldCall } from '../../demo/world.ts';
import { poll } from '../support/poll.ts';

const spokenBy = (world: DemoWorld, { callSid }: WorldCall): Buffer =>
  Buffer.concat(
    world
      .providerTruth(callSid)
      .cartesia.flatMap((event) =>
        event.kind === 'received' ? [synthesize(event.text, 'pcm_mulaw', 8000)] : [],
      ),
  );

describe('the example agent, without any telemetry', () => {
  let world: DemoWorld;
  let calls: Map<string, WorldCall>;
  const call = (scenario: string): WorldCall => {
    const found = calls.get(scenario);
    assert.ok(found);
    return found;
  };

  before(async () => {
    // A voice that still speaks of the menu, and is ahead of the line, when the caller talks over it.
    world = await startDemoWorld({ seed: 2, cartesia: { speed: [2, 2.2] } });
    const made = await world.makeCalls(['plain', 'barge_in', 'voicemail', 'tool_call']);
    calls = new Map(made.map((one) => [one.scenario, one]));
  });
  after(() => world?.close());

  test('a plain call: every utterance is understood and answered, and the caller hears all of it', () => {
    const plain = call('plain');
    const asked = world
      .providerTruth(plain.callSid)
      .chat.flatMap((e) => (e.kind === 'received' ? [e.lastMessage] : []));
    assert.deepEqual(
      asked,
      plain.turns.flatMap(({ text }) => text ?? []),
    );
    assert.deepEqual(
      plain.turns.map(({ initiator, utterance }) => utterance ?? initiator),
      ['agent', 'booking-request', 'booking-time', 'booking-thanks'],
    );
    for (const turn of plain.turns.slice(1)) {
      const silence = ((turn.firstAudioMicros ?? Number.NaN) - (turn.speechEndedMicros ?? Number.NaN)) / 1e6;
      // At least 0.3 s of endpointing, then the drawn delays of the three providers.
      assert.ok(silence > 0.5, `${turn.utterance}: ${silence} s`);
      assert.ok((turn.playbackEndedMicros ?? 0) > (turn.firstAudioMicros ?? Number.NaN));
    }
    assert.ok(plain.heard.equals(spokenBy(world, plain)));
    assert.deepEqual([plain.endedBy, plain.marks, plain.clears], ['caller', 4, 0]);
  });

  test('a barge-in: the answer is cleared while the caller speaks, and the new question is answered', () => {
    const bargeIn = call('barge_in');
    const [, menu, dishes] = bargeIn.turns;
    assert.ok(menu?.bargedInMicros && menu.clearedMicros && dishes?.speechEndedMicros);
    assert.ok(menu.clearedMicros > menu.bargedInMicros && menu.clearedMicros < dishes.speechEndedMicros);
    assert.ok(menu.droppedSeconds > 1);
    assert.equal(bargeIn.clears, 1);
    assert.ok(dishes.firstAudioMicros && dishes.firstAudioMicros > dishes.speechEndedMicros);
    assert.ok(bargeIn.heard.length < spokenBy(world, bargeIn).length);
    const { cartesia } = world.providerTruth(bargeIn.callSid);
    assert.ok(cartesia.some(({ kind }) => kind === 'aborted'));
  });

  test('a voicemail: the agent leaves its message and hangs up', () => {
    const voicemail = call('voicemail');
    assert.equal(voicemail.endedBy, 'agent');
    assert.ok(voicemail.heard.equals(spokenBy(world, voicemail)));
    assert.deepEqual(world.providerTruth(voicemail.callSid).chat, []);
  });

  test('questions that need a tool are answered from its result', () => {
    const { chat } = world.providerTruth(call('tool_call').callSid);
    const replies = chat.flatMap((event) => (event.kind === 'finished' ? [event.reply] : []));
    assert.deepEqual(
      replies.map((reply) => (reply.kind === 'text' ? reply.text : reply.name)),
      [
        'get_opening_hours',
        'On Sunday we close at nine.',
        'check_availability',
        'Yes, we have a table for two at seven.',
        'You are welcome. Goodbye!',
      ],
    );
  });

  test('an agent without trouble writes no errors', () => {
    assert.equal(world.agent.complaints, '');
  });

  test('the recogniser hears each call to its end and closes with it', async () => {
    for (const { callSid, sentSeconds } of calls.values()) {
      const closed = await poll(() =>
        world.providerTruth(callSid).deepgram.find((event) => event.kind === 'closed'),
      );
      assert.ok(closed.kind === 'closed' && closed.by === 'server');
      // What was sent before the recogniser had taken the connection is lost: less than the first pause of any call.
      assert.ok(
        closed.audioSeconds > 1 && closed.audioSeconds <= sentSeconds,
        `${closed.audioSeconds} of ${sentSeconds} s`,
      );
    }
  });
});

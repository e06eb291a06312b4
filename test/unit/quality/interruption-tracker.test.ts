import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InterruptionTracker } from '../../../exporter/quality/interruption-tracker.ts';
import {
  judgeInterruptions,
  type SpeechEvent,
  trackSpeech,
} from '../../../exporter/quality/speech-events.ts';
import { events, follow, judge } from '../../support/stories/speech-lines.ts';

describe('barge-in', () => {
  it('is the user silencing the agent and taking the turn; it lasts until the agent is silent', () => {
    assert.deepEqual(judge('agent_started 1', 'user_started 3', 'agent_stopped 3.24', 'user_committed 4'), [
      { kind: 'barge_in', atUs: 3e6, timeToSilenceSeconds: 0.24 },
    ]);
  });

  it('is certain with the commit, not before', () => {
    const tracker = new InterruptionTracker();
    for (const event of events('agent_started 1', 'user_started 3', 'agent_stopped 3.2', 'user_ended 3.6'))
      assert.equal(trackSpeech(tracker, event), undefined);
    assert.equal(tracker.userCommitted(4e6)?.kind, 'barge_in');
    assert.equal(tracker.settle(), undefined);
  });

  it('is certain when a new reply begins instead of the old one', () => {
    const tracker = new InterruptionTracker();
    for (const event of events('agent_started 1', 'user_started 3', 'agent_stopped 3.2', 'user_ended 3.6'))
      trackSpeech(tracker, event);
    assert.deepEqual(tracker.agentSpeechStarted(5e6), {
      kind: 'barge_in',
      atUs: 3e6,
      timeToSilenceSeconds: 0.2,
    });
  });

  it('is settled when the turn is closed with the agent still silenced', () => {
    assert.equal(judge('agent_started 1', 'user_started 3', 'agent_stopped 3.2')[0]?.kind, 'barge_in');
  });

  it('is certain at the stop when the words were committed before', () => {
    const tracker = new InterruptionTracker();
    for (const event of events('agent_started 1', 'user_started 3', 'user_committed 6'))
      trackSpeech(tracker, event);
    assert.deepEqual(tracker.agentStopped(6.1e6), {
      kind: 'barge_in',
      atUs: 3e6,
      timeToSilenceSeconds: 3.1,
    });
  });

  it('is found when the start of the speech is reported after the stop that it caused', () => {
    assert.deepEqual(judge('agent_started 1', 'agent_stopped 3.3', 'user_started 3.1', 'user_committed 4'), [
      { kind: 'barge_in', atUs: 3.1e6, timeToSilenceSeconds: 0.2 },
    ]);
  });

  it('is one, however often the user starts, stops and the transport reports the end of dropped audio', () => {
    const found = judge(
      'agent_started 1',
      'user_started 3',
      'user_ended 3.1',
      'user_started 3.3',
      'agent_stopped 3.5',
      'agent_ended 3.6',
      'agent_stopped 3.7',
      'user_committed 4',
      'user_committed 4.1',
    );
    assert.deepEqual(found, [{ kind: 'barge_in', atUs: 3e6, timeToSilenceSeconds: 0.5 }]);
  });

  it('is not what happens when the agent stops and the user speaks afterwards', () => {
    assert.deepEqual(judge('agent_started 1', 'agent_stopped 3', 'user_started 3.5', 'user_committed 5'), []);
  });

  it('is not one when the agent turns out to have been silent before the user began', () => {
    assert.deepEqual(judge('agent_started 1', 'user_started 3', 'agent_stopped 2.9', 'user_committed 4'), []);
  });

  it('does not go back to words that were over long before the stop', () => {
    const found = judge('agent_started 1', 'user_started 2', 'user_ended 2.3', 'agent_stopped 9');
    assert.deepEqual(found, [{ kind: 'backchannel', atUs: 2e6 }]);
  });
});

describe('false interruption', () => {
  it('is the same reply going on without a user turn', () => {
    const found = judge(
      'agent_started 1',
      'user_started 3',
      'agent_stopped 3.2',
      'user_ended 3.4',
      'agent_resumed 5',
      'agent_ended 9',
    );
    assert.deepEqual(found, [{ kind: 'false_interruption', atUs: 3e6, timeToSilenceSeconds: 0.2 }]);
  });

  it('has no time to silence when no user was heard', () => {
    assert.deepEqual(judge('agent_started 1', 'agent_stopped 3', 'agent_resumed 4'), [
      { kind: 'false_interruption', atUs: 3e6 },
    ]);
  });

  it('is not one when the words became a turn, although the reply goes on', () => {
    const found = judge(
      'agent_started 1',
      'user_started 3',
      'agent_stopped 3.2',
      'user_committed 4',
      'agent_resumed 5',
    );
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ['barge_in'],
    );
    assert.deepEqual(judge('agent_started 1', 'agent_stopped 3', 'user_committed 4', 'agent_resumed 5'), []);
  });

  it('can be followed by a barge-in into the resumed reply', () => {
    const found = judge(
      'agent_started 1',
      'user_started 3',
      'agent_stopped 3.2',
      'user_ended 3.4',
      'agent_resumed 5',
      'user_started 6',
      'agent_stopped 6.3',
      'user_committed 8',
    );
    assert.deepEqual(
      found.map(({ kind, atUs }) => [kind, atUs]),
      [
        ['false_interruption', 3e6],
        ['barge_in', 6e6],
      ],
    );
  });
});

describe('agent over user', () => {
  it('is the agent beginning while the user speaks, certain when the user ends later', () => {
    const tracker = new InterruptionTracker();
    tracker.userSpeechStarted(1e6);
    assert.equal(tracker.agentSpeechStarted(2e6), undefined);
    assert.deepEqual(tracker.userSpeechEnded(3e6), { kind: 'agent_over_user', atUs: 2e6 });
  });

  it('is not one when the silence is only reported late', () => {
    assert.deepEqual(judge('user_started 1', 'agent_started 2', 'user_ended 1.9', 'agent_ended 4'), []);
  });

  it('has the time until the agent gives way', () => {
    assert.deepEqual(judge('user_started 1', 'agent_started 2', 'agent_stopped 2.4', 'user_committed 5'), [
      { kind: 'agent_over_user', atUs: 2e6, timeToSilenceSeconds: 0.4 },
    ]);
  });

  it('is found when the user is reported late to have spoken since before the agent', () => {
    assert.deepEqual(judge('agent_started 2', 'user_started 1.5', 'user_ended 3'), [
      { kind: 'agent_over_user', atUs: 2e6 },
    ]);
  });

  it('stays open when the end of the speech is never told: unknown', () => {
    assert.deepEqual(
      judge('user_started 1', 'agent_started 2', 'user_committed 2.5', 'agent_ended 4', 'user_started 5'),
      [],
    );
  });
});

describe('backchannel', () => {
  it('is words over an agent that finishes undisturbed and that never become a turn', () => {
    const tracker = new InterruptionTracker();
    for (const event of events('agent_started 1', 'user_started 3', 'user_ended 3.3', 'agent_ended 6'))
      assert.equal(trackSpeech(tracker, event), undefined);
    assert.deepEqual(tracker.userSpeechStarted(7e6), { kind: 'backchannel', atUs: 3e6 });
  });

  it('is none when the words become a turn, during the reply or just after it', () => {
    assert.deepEqual(
      judge('agent_started 1', 'user_started 3', 'user_ended 4', 'user_committed 4.5', 'agent_ended 6'),
      [],
    );
    assert.deepEqual(
      judge('agent_started 1', 'user_started 5', 'user_ended 5.8', 'agent_ended 6', 'user_committed 6.5'),
      [],
    );
  });

  it('is none when the user speaks on after the agent: that is the next turn', () => {
    assert.deepEqual(judge('agent_started 1', 'user_started 5.8', 'agent_ended 6', 'user_ended 8'), []);
  });

  it('is none when the agent turns out to have finished before, or the end of the words is never told', () => {
    assert.deepEqual(judge('agent_started 1', 'user_started 3', 'user_ended 3.2', 'agent_ended 2.9'), []);
    assert.deepEqual(judge('agent_started 1', 'user_started 5', 'agent_ended 6'), []);
  });

  it('is found when the silence is reported after the agent has finished', () => {
    assert.deepEqual(judge('agent_started 1', 'user_started 5', 'agent_ended 6', 'user_ended 5.4'), [
      { kind: 'backchannel', atUs: 5e6 },
    ]);
  });

  it('is counted each time when the pauses between are long', () => {
    const found = judge(
      ...['agent_started 1', 'user_started 2', 'user_ended 2.2', 'user_started 6', 'user_ended 6.2'],
      'agent_ended 9',
    );
    assert.deepEqual(
      found.map(({ kind, atUs }) => [kind, atUs]),
      [
        ['backchannel', 2e6],
        ['backchannel', 6e6],
      ],
    );
  });
});

describe('any order of events', () => {
  const WHATS = [
    ...(['user_started', 'user_ended', 'user_committed', 'agent_started', 'agent_ended'] as const),
    ...(['agent_stopped', 'agent_resumed'] as const),
  ];
  const anyEvent = fc.record({
    what: fc.constantFrom(...WHATS),
    atUs: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 20_000_000 }) },
      fc.constantFrom(Number.NaN, Infinity, -Infinity),
    ),
  });

  it('throws nothing, invents no negative time, and counts exactly what it tells', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), fc.nat(10), (list, turns) => {
        const tracker = new InterruptionTracker();
        const told = [...list.map((event) => trackSpeech(tracker, event)), tracker.settle()].filter(
          (interruption) => interruption !== undefined,
        );
        const { byKind, interruptionCount, falseInterruptionCount, interruptionRate, ...rest } =
          tracker.metrics(turns);
        for (const kind of Object.keys(byKind) as (keyof typeof byKind)[])
          assert.equal(byKind[kind], told.filter((interruption) => interruption.kind === kind).length);
        assert.equal(interruptionCount, byKind.barge_in);
        assert.equal(falseInterruptionCount, byKind.false_interruption);
        assert.equal(interruptionRate, turns === 0 ? undefined : interruptionCount / turns);
        for (const { atUs, timeToSilenceSeconds } of told) {
          assert.ok(Number.isFinite(atUs));
          assert.ok(timeToSilenceSeconds === undefined || timeToSilenceSeconds >= 0);
        }
        assert.ok((rest.averageTimeToSilenceSeconds ?? 0) >= 0);
        assert.equal(tracker.settle(), undefined, 'settled twice says nothing new');
      }),
      { numRuns: 2_000 },
    );
  });

  it('never finds more than starts and resumptions of speech can explain', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (list) => {
        const begun = list.filter(({ what }) => /started|resumed/.test(what)).length;
        assert.ok(follow(list).length <= begun);
      }),
    );
  });

  it('finds no barge-in where the agent is never silenced, and none of any kind where one side is mute', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (list) => {
        const unsilenced = list.filter(({ what }) => what !== 'agent_stopped');
        for (const { kind } of follow(unsilenced))
          assert.ok(kind === 'backchannel' || kind === 'agent_over_user');
        assert.deepEqual(follow(list.filter(({ what }) => what.startsWith('user'))), []);
        for (const { kind } of follow(list.filter(({ what }) => what.startsWith('agent'))))
          assert.equal(kind, 'false_interruption');
      }),
    );
  });

  it('looked back upon gives the same however it was reported', () => {
    const story = fc
      .uniqueArray(anyEvent, { selector: ({ atUs }) => atUs, maxLength: 30 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    fc.assert(
      fc.property(story, ([list, shuffled]) => {
        const finite = list.filter(({ atUs }) => Number.isFinite(atUs));
        const inOrder = follow(finite.toSorted((a, b) => a.atUs - b.atUs));
        assert.deepEqual(judgeInterruptions(shuffled), inOrder);
      }),
    );
  });

  it('ignores names that it does not know', () => {
    assert.deepEqual(judgeInterruptions([{ what: 'thinking' as SpeechEvent['what'], atUs: 1 }]), []);
  });
});

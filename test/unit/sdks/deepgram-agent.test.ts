import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';
import { AgentConnection } from '../../../instrumentation/sdks/deepgram/agent/agent.ts';
import type { StageFact, TurnFact } from '../../../model/facts.ts';
import { turnsOf } from '../../support/facts.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

before(recordSpans);

const SETTINGS = {
  type: 'Settings',
  audio: { output: { encoding: 'mulaw', sample_rate: 8000 } },
  agent: {
    listen: { provider: { type: 'deepgram', model: 'nova-3', language: 'multi' } },
    think: { provider: { type: 'anthropic', model: 'claude' } },
    speak: { provider: { type: 'deepgram', model: 'aura-2-thalia-en' } },
  },
};
const SECOND = new Uint8Array(8_000);

/** A connection inside a call whose transport shows what is played. Instants are seconds after the start. */
class Conversation {
  readonly call = new Call();
  readonly connection = new AgentConnection(this.call.context);
  readonly startMs = nowMs() - 60_000;

  constructor(settings: object = SETTINGS) {
    takeFacts();
    this.call.tracker.observePlayback();
    this.connection.opened();
    this.connection.configured(settings);
  }

  at(seconds: number): number {
    return this.startMs + seconds * 1_000;
  }

  tell(message: object, arrives: number): void {
    this.connection.message(JSON.stringify(message), this.at(arrives));
  }

  says(role: 'user' | 'assistant', content: string, arrives: number): void {
    this.tell({ type: 'ConversationText', role, content }, arrives);
  }

  end(): { turns: TurnFact[]; stages: StageFact[] } {
    this.connection.closed({ final: true });
    this.call.end();
    const facts = takeFacts();
    return {
      turns: turnsOf(facts),
      stages: facts.filter((fact): fact is StageFact => fact.type === 'stage'),
    };
  }
}

const us = (ms: number): number => Math.round(ms * 1_000);
const of = (stages: readonly StageFact[], kind: StageFact['stage']) =>
  stages.filter(({ stage }) => stage === kind);

describe('a voice agent', () => {
  it('is timed by what it reports of itself', () => {
    const talk = new Conversation();
    talk.tell({ type: 'UserStartedSpeaking' }, 1);
    talk.says('user', 'When do you open?', 3);
    talk.says('assistant', 'At nine.', 3.55);
    talk.connection.message(SECOND, talk.at(3.7));
    talk.call.tracker.playbackStarted(talk.at(3.75));
    talk.connection.message(SECOND, talk.at(3.8));
    talk.tell({ type: 'AgentAudioDone' }, 3.9);
    talk.tell(
      {
        type: 'LatencyReport',
        stt_latency: 0.1,
        ttt_text_latency: 0.5,
        tts_latency: 0.2,
        total_latency: 1.2,
      },
      3.91,
    );
    const { turns, stages } = talk.end();
    assert.equal(turns.length, 1);
    assert.equal(turns[0]?.speechEndedUs, us(talk.at(2.5)));
    assert.equal(turns[0]?.eouSource, 'framework');
    assert.equal(turns[0]?.committedUs, us(talk.at(3)));
    const [stt] = of(stages, 'stt');
    assert.deepEqual([stt?.startUs, stt?.endUs], [us(talk.at(1)), us(talk.at(3))]);
    assert.equal(stt?.model, 'nova-3-multilingual');
    const [llm] = of(stages, 'llm');
    assert.deepEqual([llm?.startUs, llm?.firstByteUs], [us(talk.at(3)), us(talk.at(3.5))]);
    const [tts] = of(stages, 'tts');
    assert.deepEqual([tts?.startUs, tts?.firstByteUs], [us(talk.at(3.5)), us(talk.at(3.7))]);
    assert.equal(tts?.endUs, us(talk.at(3.8)));
    assert.deepEqual(tts?.usage, { audioSeconds: 2 });
  });

  it('knows no first byte of a synthesis whose words came behind its audio', () => {
    const talk = new Conversation();
    talk.says('user', 'Hello?', 3);
    talk.connection.message(SECOND, talk.at(3.4));
    talk.says('assistant', 'Hello.', 3.5);
    talk.tell({ type: 'AgentAudioDone' }, 3.6);
    const { stages } = talk.end();
    const [tts] = of(stages, 'tts');
    assert.equal(tts?.firstByteUs, undefined);
    assert.equal(of(stages, 'llm')[0]?.firstByteUs, us(talk.at(3.4)));
  });

  it('throws away a request when the user goes on, and answers once', () => {
    const talk = new Conversation();
    talk.tell({ type: 'UserStartedSpeaking' }, 1);
    talk.says('user', 'I would like', 2);
    talk.tell({ type: 'UserStartedSpeaking' }, 2.4);
    talk.says('user', 'a table.', 3);
    talk.says('assistant', 'For how many?', 3.5);
    talk.connection.message(SECOND, talk.at(3.7));
    talk.call.tracker.playbackStarted(talk.at(3.7));
    const { turns, stages } = talk.end();
    assert.equal(turns.length, 1);
    assert.deepEqual(
      of(stages, 'llm').map(({ cancelled, startUs }) => [cancelled, startUs]),
      [
        [true, us(talk.at(2))],
        [true, us(talk.at(3))],
      ],
    );
    assert.equal(of(stages, 'stt').length, 2);
  });

  it('follows functions that the service calls, and those that it takes back', () => {
    const talk = new Conversation();
    const call = (id: string, name: string) => ({ id, name, arguments: '{}', client_side: false });
    talk.says('user', 'Book it.', 1);
    talk.tell({ type: 'FunctionCallRequest', functions: [call('1', 'look'), call('2', 'book')] }, 1.4);
    talk.tell({ type: 'FunctionCallResponse', id: '1', name: 'look', content: '' }, 1.6);
    talk.tell({ type: 'FunctionCallCancelled', functions: [{ id: '2', name: 'book' }] }, 1.7);
    const { stages } = talk.end();
    assert.deepEqual(
      of(stages, 'tool').map(({ toolName, cancelled, endUs }) => [toolName, cancelled, endUs]),
      [
        ['look', undefined, us(talk.at(1.6))],
        ['book', true, us(talk.at(1.7))],
      ],
    );
    assert.deepEqual(of(stages, 'llm')[0]?.finishReasons, ['tool_calls']);
  });

  it('says that little is known of an agent that is kept at Deepgram', () => {
    const talk = new Conversation({ type: 'Settings', audio: {}, agent: 'b4c9…' });
    talk.says('user', 'Hello?', 1);
    const { stages } = talk.end();
    const [llm] = of(stages, 'llm');
    assert.deepEqual([llm?.provider, llm?.model], [undefined, undefined]);
    assert.equal(of(stages, 'stt')[0]?.provider, 'deepgram');
  });

  it('uses what was changed in the middle', () => {
    const talk = new Conversation();
    talk.connection.configured({
      type: 'UpdateThink',
      think: { provider: { type: 'aws_bedrock', model: 'nova-lite' } },
    });
    talk.says('user', 'Hello?', 1);
    const [llm] = of(talk.end().stages, 'llm');
    assert.deepEqual([llm?.provider, llm?.model], ['aws.bedrock', 'nova-lite']);
  });

  it('survives whatever happens, and leaves no stage open', () => {
    const role = fc.constantFrom('user', 'assistant', 'nobody');
    const functions = fc.array(fc.record({ id: fc.constantFrom('1', '2', ''), name: fc.constant('f') }));
    const message = fc.oneof(
      fc
        .constantFrom('UserStartedSpeaking', 'AgentThinking', 'AgentAudioDone', 'Warning')
        .map((type) => ({ type })),
      fc.record({
        type: fc.constant('ConversationText'),
        role,
        content: fc.constantFrom('', 'yes', 'Hello'),
      }),
      fc.record({
        type: fc.constantFrom('AgentStartedSpeaking', 'LatencyReport'),
        total_latency: fc.constantFrom(0, 0.5, -1, null, 'x'),
        tts_latency: fc.constantFrom(0, 0.1, undefined),
      }),
      fc.record({ type: fc.constantFrom('FunctionCallRequest', 'FunctionCallCancelled'), functions }),
      fc.record({ type: fc.constant('FunctionCallResponse'), id: fc.constantFrom('1', '2', undefined) }),
      fc.record({
        type: fc.constant('Error'),
        code: fc.constantFrom('FAILED_TO_SPEAK', 'FAILED_TO_THINK', 7),
      }),
      fc.constantFrom('audio' as const, 'broken' as const, 'reconnect' as const),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const talk = new Conversation();
        for (const [i, each] of messages.entries()) {
          if (each === 'audio') talk.connection.message(SECOND, talk.at(i));
          else if (each === 'broken') talk.connection.message('{', talk.at(i));
          else if (each === 'reconnect') {
            talk.connection.closed({ final: false, error: 'connection_closed' });
            talk.connection.opened();
          } else talk.tell(each, i);
        }
        talk.connection.closed({ final: true });
        assert.equal(
          [...(talk.call.turn?.openStages ?? [])].filter(({ kind }) => kind !== 'playback').length,
          0,
        );
        const { stages } = talk.end();
        for (const { usage } of stages) assert.notEqual(usage?.audioSeconds, 0);
      }),
      { numRuns: 200 },
    );
  });
});

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { base64Bytes } from '../../../instrumentation/sdks/kit/base64.ts';
import { recordSpans } from '../../support/spans.ts';
import { Conversation, SERVER_VAD } from '../../support/stories/realtime.ts';

before(recordSpans);

describe('a Realtime connection', () => {
  it('takes what the server adds to the speech off its positions', () => {
    const talk = new Conversation();
    talk.audio(10, 13);
    talk.server(12, 'input_audio_buffer.speech_started', { audio_start_ms: 800, item_id: 'i' });
    talk.server(13, 'input_audio_buffer.speech_stopped', { audio_end_ms: 2_900, item_id: 'i' });
    talk.server(13.01, 'input_audio_buffer.committed', { item_id: 'i' });
    talk.answers(13.02);
    talk.server(13.1, 'conversation.item.input_audio_transcription.completed', {
      item_id: 'i',
      transcript: 'hello',
    });
    const story = talk.end(20);
    const [turn] = story.turns;
    assert.equal(turn?.speechStartedUs, talk.us(11));
    assert.equal(turn?.speechEndedUs, talk.us(12.5));
    assert.equal(turn?.eouSource, 'vad');
    assert.equal(turn?.committedUs, talk.us(13.01));
    const [response] = story.stages('llm');
    assert.equal(response?.model, 'gpt-realtime-2025-08-28');
    const [transcription] = story.stages('stt');
    assert.deepEqual(transcription?.usage, { audioSeconds: 2.1 }, 'what was transcribed, by its positions');
  });

  it('assumes the defaults of the service where the server does not tell them', () => {
    const talk = new Conversation({ turn_detection: { type: 'server_vad' } });
    talk.audio(10, 13);
    talk.server(12, 'input_audio_buffer.speech_started', { audio_start_ms: 800, item_id: 'i' });
    talk.server(13, 'input_audio_buffer.speech_stopped', { audio_end_ms: 2_900, item_id: 'i' });
    talk.server(13.01, 'input_audio_buffer.committed', { item_id: 'i' });
    const [turn] = talk.end(20).turns;
    assert.equal(turn?.speechStartedUs, talk.us(11.1));
    assert.equal(turn?.speechEndedUs, talk.us(12.4));
  });

  it('goes by when it heard of the speech where the audio goes another way, as on a SIP call', () => {
    const talk = new Conversation();
    talk.server(12, 'input_audio_buffer.speech_started', { audio_start_ms: 800, item_id: 'i' });
    talk.server(13, 'input_audio_buffer.speech_stopped', { audio_end_ms: 2_900, item_id: 'i' });
    talk.server(13, 'input_audio_buffer.committed', { item_id: 'i' });
    talk.server(13.1, 'response.created', { response: { id: 'r' } });
    talk.server(13.5, 'output_audio_buffer.started', { response_id: 'r' });
    talk.server(14, 'response.done', { response: { id: 'r', status: 'completed' } });
    talk.server(16, 'output_audio_buffer.stopped', { response_id: 'r' });
    const story = talk.end(20);
    assert.equal(story.turns[0]?.speechEndedUs, talk.us(12.6));
    assert.equal(story.turns[0]?.eouSource, 'stt_event');
    const [playback] = story.stages('playback');
    assert.deepEqual(
      [playback?.playbackSource, playback?.startUs, playback?.endUs],
      ['observed', talk.us(13.5), talk.us(16)],
    );
  });

  it('makes no utterance of a silence that the server ended', () => {
    const talk = new Conversation();
    talk.audio(10, 13);
    talk.server(13, 'input_audio_buffer.timeout_triggered', { item_id: 'i' });
    talk.server(13, 'input_audio_buffer.committed', { item_id: 'i' });
    talk.answers(13.1);
    assert.deepEqual(
      talk.end(20).turns.map(({ initiator }) => initiator),
      ['agent'],
    );
  });

  it('takes audio that comes again for the beginning of speech where a key is pressed to talk', () => {
    const talk = new Conversation({ turn_detection: null });
    talk.audio(1, 2);
    talk.client(2, 'input_audio_buffer.commit');
    talk.server(2.1, 'input_audio_buffer.committed', { item_id: 'one' });
    talk.client(2.1, 'response.create');
    talk.answers(2.2, 'r1');
    talk.audio(9, 10);
    talk.client(10, 'input_audio_buffer.commit');
    talk.client(10, 'response.create');
    talk.server(10.1, 'input_audio_buffer.committed', { item_id: 'two' });
    talk.answers(10.2, 'r2');
    const story = talk.end(20);
    const [one, two] = story.turns;
    assert.deepEqual(
      [one?.speechEndedUs, one?.committedUs, one?.eouSource],
      [talk.us(2), talk.us(2), 'stt_event'],
    );
    assert.equal(two?.speechStartedUs, talk.us(9.02));
    assert.equal(two?.speechEndedUs, talk.us(10));
    assert.deepEqual(
      story.stages('llm').map(({ startUs }) => startUs),
      [talk.us(2.1), talk.us(10)],
    );
  });

  it('forgets what was said into a buffer that was cleared, and a commit of nothing', () => {
    const talk = new Conversation({ turn_detection: null });
    talk.audio(1, 2);
    talk.audio(4, 5);
    talk.client(5, 'input_audio_buffer.clear');
    talk.client(6, 'input_audio_buffer.commit');
    talk.server(6.1, 'error', { error: { code: 'input_audio_buffer_commit_empty' } });
    assert.deepEqual(talk.end(20).turns, []);
  });

  it('starts a response when it was asked for, and not by what was asked before and refused', () => {
    const talk = new Conversation();
    talk.client(1, 'response.create');
    talk.answers(1.2, 'r1');
    talk.client(3, 'response.create');
    talk.server(3.1, 'error', { error: { code: 'conversation_already_has_active_response' } });
    talk.client(5, 'response.create', { event_id: 'mine' });
    talk.server(5.1, 'error', { error: { code: 'invalid_value', event_id: 'mine' } });
    talk.answers(8, 'r2');
    const responses = talk.end(20).stages('llm');
    assert.deepEqual(
      responses.map(({ startUs, errorType }) => [startUs, errorType]),
      [
        [talk.us(1), undefined],
        [talk.us(5), 'invalid_value'],
        [talk.us(8), undefined],
      ],
    );
  });

  it('tells why a response ended', () => {
    const talk = new Conversation();
    const done = (id: string, response: object): void => {
      talk.server(1, 'response.created', { response: { id } });
      talk.server(2, 'response.done', { response: { id, ...response } });
    };
    done('a', { status: 'incomplete', status_details: { reason: 'max_output_tokens' } });
    done('b', { status: 'failed', status_details: { error: { type: 'server_error' } } });
    done('c', { status: 'cancelled', status_details: { reason: 'client_cancelled' } });
    done('d', { status: 'completed', output: [{ type: 'message' }, { type: 'function_call' }] });
    assert.deepEqual(
      talk
        .end(9)
        .stages('llm')
        .map(({ finishReasons, errorType, cancelled }) => [finishReasons, errorType, cancelled]),
      [
        [['length'], undefined, undefined],
        [undefined, 'server_error', undefined],
        [['client_cancelled'], undefined, true],
        [['tool_calls'], undefined, undefined],
      ],
    );
  });

  it('has tools run from their arguments to their result, however fast, and not when cut off', () => {
    const talk = new Conversation();
    talk.server(1, 'response.created', { response: { id: 'r' } });
    for (const [call_id, status] of [
      ['fast', 'completed'],
      ['slow', 'completed'],
      ['cut', 'incomplete'],
    ]) {
      const item = { type: 'function_call', name: `${call_id}_tool`, call_id };
      talk.server(1.1, 'response.output_item.added', { response_id: 'r', item });
      talk.server(1.2, 'response.function_call_arguments.done', { response_id: 'r', call_id });
      if (call_id === 'fast')
        talk.client(1.25, 'conversation.item.create', { item: { type: 'function_call_output', call_id } });
      talk.server(1.3, 'response.output_item.done', { response_id: 'r', item: { ...item, status } });
    }
    talk.client(1.9, 'conversation.item.create', { item: { type: 'function_call_output', call_id: 'slow' } });
    assert.deepEqual(
      talk
        .end(9)
        .stages('tool')
        .map(({ toolName, startUs, endUs, cancelled }) => [toolName, startUs, endUs, cancelled]),
      [
        ['fast_tool', talk.us(1.2), talk.us(1.25), undefined],
        ['cut_tool', talk.us(1.2), talk.us(1.3), true],
        ['slow_tool', talk.us(1.2), talk.us(1.9), undefined],
      ],
    );
  });

  it('has the agent silenced by an application that decides about interruptions itself', () => {
    const talk = new Conversation({ turn_detection: { ...SERVER_VAD, interrupt_response: false } });
    talk.answers(1, 'r1');
    talk.server(1.5, 'input_audio_buffer.speech_started', { audio_start_ms: 0, item_id: 'i' });
    talk.client(1.8, 'conversation.item.truncate', { item_id: 'x', audio_end_ms: 300 });
    talk.server(2.5, 'input_audio_buffer.speech_stopped', { audio_end_ms: 900, item_id: 'i' });
    talk.server(2.5, 'input_audio_buffer.committed', { item_id: 'i' });
    const story = talk.end(9);
    assert.equal(story.turns[0]?.interrupted, true);
    assert.equal(story.stages('playback')[0]?.endUs, talk.us(1.8));
  });

  it('understands the form of the beta', () => {
    const talk = new Conversation();
    talk.server(1, 'session.updated', {
      session: {
        input_audio_format: 'pcm16',
        turn_detection: null,
        input_audio_transcription: { model: 'whisper-1' },
      },
    });
    talk.client(1, 'session.update', { session: { input_audio_format: 'g711_alaw' } });
    talk.server(2, 'response.created', { response: { id: 'r' } });
    talk.server(2.2, 'response.text.delta', { response_id: 'r', delta: 'Hel' });
    talk.server(2.4, 'response.text.done', { response_id: 'r', text: 'Hello' });
    talk.server(2.5, 'response.done', { response: { id: 'r', status: 'completed' } });
    assert.equal(talk.call.turn?.agentText, 'Hello');
    assert.equal(talk.end(9).stages('llm')[0]?.firstByteUs, talk.us(2.2));
  });

  it('survives events that make no sense', () => {
    const talk = new Conversation();
    const types = [
      'session.created',
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.input_audio_transcription.completed',
      'response.created',
      'response.output_audio.delta',
      'response.output_item.done',
      'response.done',
      'error',
      'conversation.item.create',
      'input_audio_buffer.commit',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.object(), (type, event) => {
        talk.server(1, type, { ...event, type });
        talk.client(1, type, { ...event, type });
      }),
    );
    talk.end(9);
  });
});

it('the length of base64 is that of what it stands for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      assert.equal(base64Bytes(text), bytes.length);
      assert.equal(base64Bytes(`"${text}"`, 1, text.length + 1), bytes.length);
    }),
  );
});

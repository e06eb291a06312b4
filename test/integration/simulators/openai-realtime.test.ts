import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { utterance } from '../../../demo/speech.ts';
import { poll } from '../../support/poll.ts';
import { type RealtimeSimulator, startRealtimeSimulator } from '../../support/simulators/openai-realtime.ts';

type Event = Readonly<Record<string, unknown>>;

let simulator: RealtimeSimulator;
before(async () => {
  simulator = await startRealtimeSimulator({
    tls: false,
    pace: 50,
    thinkingMs: [1, 2],
    transcriptionMs: [1, 2],
  });
});
after(() => simulator.close());

/** A plain socket, with what it was told. */
async function connect(headers: Record<string, string> = {}): Promise<{
  events: Event[];
  send(event: object): void;
  heard(type: string): Promise<Event>;
  close(): void;
}> {
  const socket = new WebSocket(`${simulator.wsUrl}/v1/realtime?model=gpt-realtime`, {
    headers: { authorization: 'Bearer key', ...headers },
  });
  const events: Event[] = [];
  socket.on('message', (data) => events.push(JSON.parse(String(data))));
  const heard = (type: string): Promise<Event> =>
    poll(() => events.find((event) => event.type === type), { what: type });
  await heard('session.created');
  return {
    events,
    send: (event) => socket.send(JSON.stringify(event)),
    heard,
    close: () => socket.close(),
  };
}

const MULAW = { type: 'audio/pcmu' };
const types = (events: readonly Event[]): unknown[] => [...new Set(events.map(({ type }) => type))];

describe('the Realtime simulator', () => {
  it('hears a recording, tells where it was in the audio, and answers it', async () => {
    const client = await connect();
    const input = { format: MULAW, transcription: { model: 'whisper-1' } };
    client.send({ type: 'session.update', session: { audio: { input, output: { format: MULAW } } } });
    const { mulaw, text, speechStartSeconds, speechEndSeconds } = utterance('menu-question');
    const audio = Buffer.concat([Buffer.alloc(4_000, 0xff), mulaw, Buffer.alloc(8_000, 0xff)]);
    for (let at = 0; at < audio.length; at += 160)
      client.send({
        type: 'input_audio_buffer.append',
        audio: audio.subarray(at, at + 160).toString('base64'),
      });
    await client.heard('response.done');
    const transcript = await client.heard('conversation.item.input_audio_transcription.completed');
    assert.equal(transcript.transcript, text);
    const started = await client.heard('input_audio_buffer.speech_started');
    assert.equal(started.audio_start_ms, 500 + speechStartSeconds * 1_000 - 300);
    const stopped = await client.heard('input_audio_buffer.speech_stopped');
    assert.equal(stopped.audio_end_ms, Math.round(500 + speechEndSeconds * 1_000 + 500));
    assert.deepEqual(
      types(client.events).filter((type) => !/transcription/.test(String(type))),
      [
        'session.created',
        'session.updated',
        'input_audio_buffer.speech_started',
        'input_audio_buffer.speech_stopped',
        'input_audio_buffer.committed',
        'conversation.item.added',
        'response.created',
        'response.output_item.added',
        'response.content_part.added',
        'response.output_audio_transcript.delta',
        'response.output_audio.delta',
        'response.output_audio.done',
        'response.output_audio_transcript.done',
        'response.output_item.done',
        'response.done',
      ],
    );
    client.close();
  });

  it('speaks the names of the beta to a client that asks for it', async () => {
    const client = await connect({ 'OpenAI-Beta': 'realtime=v1' });
    client.send({ type: 'response.create' });
    await client.heard('response.audio.delta');
    await client.heard('response.audio_transcript.done');
    client.close();
  });

  it('refuses what the service refuses', async () => {
    const client = await connect();
    client.send({ type: 'response.cancel' });
    client.send({ type: 'input_audio_buffer.commit' });
    client.send({ type: 'conversation.item.truncate', item_id: 'none', audio_end_ms: 5 });
    client.send({ type: 'response.create' });
    client.send({ type: 'response.create' });
    await client.heard('response.done');
    assert.deepEqual(
      client.events.filter(({ type }) => type === 'error').map(({ error }) => (error as Event).code),
      [
        'response_cancel_not_active',
        'input_audio_buffer_commit_empty',
        'invalid_value',
        'conversation_already_has_active_response',
      ],
    );
    client.close();
  });
});

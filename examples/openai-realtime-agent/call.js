// One call: Twilio's audio goes to the model and the model's audio to Twilio, mu-law both ways.
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { runTool, tools } from './tools.js';

const INSTRUCTIONS = `You are the telephone receptionist of Luigi's, a small restaurant. Be brief and friendly. Use the
tools for questions about opening hours. Begin by saying who you are.`;

const audio = { type: 'audio/pcmu' };
const session = {
  type: 'realtime',
  instructions: INSTRUCTIONS,
  tools,
  audio: {
    input: {
      format: audio,
      transcription: { model: 'gpt-4o-transcribe' },
      turn_detection: { type: 'server_vad', silence_duration_ms: 400, interrupt_response: true },
    },
    output: { format: audio, voice: 'marin' },
  },
};

export function answer(telephone, { streamSid, callSid }) {
  const model = new OpenAIRealtimeWS({ model: process.env.OPENAI_REALTIME_MODEL ?? 'gpt-realtime' });
  const play = (message) =>
    telephone.readyState === telephone.OPEN && telephone.send(JSON.stringify({ ...message, streamSid }));

  // What is being said, since when in the call's own time, and how much of it was sent.
  let speaking;
  let callMs = 0;

  model.on('session.created', () => {
    model.send({ type: 'session.update', session });
    model.send({ type: 'response.create' });
  });
  telephone.on('message', (data) => {
    const { event, media } = JSON.parse(data);
    if (event !== 'media') return;
    callMs = Number(media.timestamp);
    if (model.socket.readyState === 1)
      model.send({ type: 'input_audio_buffer.append', audio: media.payload });
  });

  model.on('response.output_audio.delta', ({ item_id, delta }) => {
    if (speaking?.item_id !== item_id) speaking = { item_id, sinceMs: callMs, sentMs: 0 };
    speaking.sentMs += Buffer.byteLength(delta, 'base64') / 8;
    play({ event: 'media', media: { payload: delta } });
  });
  model.on('response.output_audio.done', ({ item_id }) => play({ event: 'mark', mark: { name: item_id } }));

  // The caller talks: what was not heard yet never was said.
  model.on('input_audio_buffer.speech_started', () => {
    const heardMs = callMs - speaking?.sinceMs;
    if (!(heardMs < speaking?.sentMs)) return;
    play({ event: 'clear' });
    const { item_id } = speaking;
    speaking = undefined;
    model.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: heardMs });
  });

  model.on('response.function_call_arguments.done', async ({ call_id, name, arguments: json }) => {
    const output = JSON.stringify(await runTool(name, JSON.parse(json)));
    model.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output } });
    model.send({ type: 'response.create' });
  });

  model.on('error', (error) => console.error(`${callSid}: ${error.message}`));
  model.socket.on('close', () => telephone.close());
  telephone.on('close', () => model.close());
}

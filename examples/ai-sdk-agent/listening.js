// Speech to text: one Deepgram live connection a call.
import { DeepgramClient } from '@deepgram/sdk';

const url = process.env.DEEPGRAM_URL;
const http = url?.replace(/^ws/, 'http');
const deepgram = new DeepgramClient({
  apiKey: process.env.DEEPGRAM_API_KEY,
  ...(url && { environment: { base: http, production: url, agent: url, agentRest: http } }),
});

// Reports when the user begins to speak, and the whole utterance.
export async function listen(callSid, { onSpeech, onUtterance }) {
  const socket = await deepgram.listen.v1.connect({
    model: 'nova-3',
    encoding: 'mulaw',
    sample_rate: 8000,
    punctuate: 'true',
    interim_results: 'true',
    vad_events: 'true',
    endpointing: 300,
    tag: callSid,
  });
  let finals = [];
  socket.on('message', (message) => {
    if (message.type !== 'Results') return;
    const text = message.channel.alternatives[0]?.transcript;
    if (text) onSpeech();
    if (text && message.is_final) finals.push(text);
    if (!message.speech_final || finals.length === 0) return;
    const utterance = finals.join(' ');
    finals = [];
    onUtterance(utterance);
  });
  socket.on('error', (error) => console.error(`${callSid}: Deepgram: ${error.message}`));
  socket.connect();
  await socket.waitForOpen();
  return {
    hear: (audio) => socket.readyState === 1 && socket.sendMedia(audio),
    close: () => socket.readyState === 1 && socket.sendCloseStream({ type: 'CloseStream' }),
  };
}

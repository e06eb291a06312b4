// Speech to text: one Deepgram live connection a call.
import { EventEmitter } from 'node:events';
import { DeepgramClient } from '@deepgram/sdk';
import { config } from './config.js';

const { apiKey, url, model } = config.deepgram;
const http = url?.replace(/^ws/, 'http');
const environment = url && { base: http, production: url, agent: url, agentRest: http };
const deepgram = new DeepgramClient({ apiKey, ...(environment && { environment }) });

// Emits `speech` (the user has begun to speak) and `utterance` (all of what was said).
export class Listening extends EventEmitter {
  #socket;
  #finals = [];

  async open(callSid) {
    const socket = await deepgram.listen.v1.connect({
      model,
      encoding: 'mulaw',
      sample_rate: 8000,
      language: 'en',
      punctuate: 'true',
      interim_results: 'true',
      vad_events: 'true',
      endpointing: 300,
      utterance_end_ms: 1000,
      tag: callSid,
    });
    socket.on('message', (message) => this.#onMessage(message));
    socket.on('error', (error) => console.error(`${callSid}: Deepgram: ${error.message}`));
    socket.connect();
    await socket.waitForOpen();
    this.#socket = socket;
  }

  #onMessage(message) {
    if (message.type === 'Results') {
      const text = message.channel.alternatives[0]?.transcript ?? '';
      if (text) this.emit('speech', text);
      if (text && message.is_final) this.#finals.push(text);
      if (message.speech_final) this.#finish();
    } else if (message.type === 'UtteranceEnd') {
      // Noise on the line can keep the silence of `endpointing` from ever coming.
      this.#finish();
    }
  }

  #finish() {
    const text = this.#finals.join(' ');
    this.#finals = [];
    if (text) this.emit('utterance', text);
  }

  hear(audio) {
    // What comes before the connection is open is the ringing of the line.
    if (this.#socket?.readyState === 1) this.#socket.sendMedia(audio);
  }

  close() {
    if (this.#socket?.readyState === 1) this.#socket.sendCloseStream({ type: 'CloseStream' });
    else this.#socket?.close();
  }
}

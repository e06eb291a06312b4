// What the agent is made of: models and tools.
import { llm, voice } from '@livekit/agents';
import * as deepgram from '@livekit/agents-plugin-deepgram';
import * as openai from '@livekit/agents-plugin-openai';
import { config } from './config.js';

const INSTRUCTIONS =
  'You are the receptionist of Luigi, a small restaurant. You take bookings and answer questions, in a sentence or two.';

export class Receptionist extends voice.Agent {
  constructor() {
    super({
      id: 'receptionist',
      instructions: INSTRUCTIONS,
      tools: {
        get_opening_hours: llm.tool({
          description: 'When the restaurant opens and closes on a day of the week.',
          parameters: { type: 'object', properties: { day: { type: 'string' } }, required: ['day'] },
          execute: async ({ day }) => JSON.stringify({ day, opens: '12:00', closes: '22:00' }),
        }),
      },
    });
  }
}

/** A session with its models. Without a voice detector of your own LiveKit brings one. */
export function createSession(options = {}) {
  const { deepgramKey, deepgramUrl, openaiKey, openaiUrl } = config;
  return new voice.AgentSession({
    stt: new deepgram.STT({
      apiKey: deepgramKey,
      model: 'nova-3',
      endpointing: 300,
      ...(deepgramUrl && { baseUrl: deepgramUrl }),
    }),
    llm: new openai.LLM({
      apiKey: openaiKey,
      model: 'gpt-4o-mini',
      ...(openaiUrl && { baseURL: openaiUrl }),
    }),
    tts: new openai.TTS({
      apiKey: openaiKey,
      model: 'tts-1',
      voice: 'nova',
      ...(openaiUrl && { baseURL: openaiUrl }),
    }),
    turnHandling: { turnDetection: 'vad' },
    ...options,
  });
}

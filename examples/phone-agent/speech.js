// Text to speech: sentences in, mu-law audio out.
import Cartesia from '@cartesia/cartesia-js';
import { config } from './config.js';

const { apiKey, baseURL, model, voice } = config.cartesia;
const cartesia = new Cartesia({ apiKey, ...(baseURL && { baseURL }) });

// Yields the audio of one sentence as it is made. The caller never hears `requestId`; it helps in support cases.
export async function* speak(text, { signal, requestId }) {
  const response = await cartesia.tts.generate(
    {
      model_id: model,
      transcript: text,
      voice: { id: voice },
      language: 'en',
      output_format: { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8000 },
    },
    { signal, headers: { 'x-request-id': requestId } },
  );
  yield* response.body;
}

// Yields whole sentences as soon as they are complete, then the rest.
export async function* sentences(pieces) {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
    for (let end = text.search(/[.!?]\s/); end >= 0; end = text.search(/[.!?]\s/)) {
      yield text.slice(0, end + 1).trim();
      text = text.slice(end + 1);
    }
  }
  if (text.trim()) yield text.trim();
}

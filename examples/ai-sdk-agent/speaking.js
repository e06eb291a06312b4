// Text to speech: sentences in, mu-law audio out.
import Cartesia from '@cartesia/cartesia-js';

const baseURL = process.env.CARTESIA_BASE_URL;
const cartesia = new Cartesia({ apiKey: process.env.CARTESIA_API_KEY, ...(baseURL && { baseURL }) });

// Yields the audio of one sentence as it is made.
export async function* speak(text, { signal, requestId }) {
  if (signal.aborted) return;
  const response = await cartesia.tts.generate(
    {
      model_id: 'sonic-3.5',
      transcript: text,
      voice: { id: process.env.CARTESIA_VOICE_ID ?? 'f786b574-daa5-4673-aa0c-cbe3e8534c02' },
      language: 'en',
      output_format: { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8000 },
    },
    { signal, headers: { 'x-request-id': requestId } },
  );
  yield* response.body;
}

const english = new Intl.Segmenter('en', { granularity: 'sentence' });

// Yields sentences as soon as the next one begins, then the last.
export async function* sentences(pieces) {
  let rest = '';
  for await (const piece of pieces) {
    const found = [...english.segment(rest + piece)].map(({ segment }) => segment);
    rest = found.pop() ?? '';
    for (const sentence of found) yield sentence.trim();
  }
  if (rest.trim()) yield rest.trim();
}

// Everything that comes from the environment. The URLs are for proxies and local stand-ins; leave them out otherwise.
const required = ['DEEPGRAM_API_KEY', 'GROQ_API_KEY', 'CARTESIA_API_KEY'];
const missing = required.filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`Set ${missing.join(', ')} in the environment.`);
  process.exit(2);
}

export const config = {
  port: Number(process.env.PORT ?? 8080),
  deepgram: {
    apiKey: process.env.DEEPGRAM_API_KEY,
    url: process.env.DEEPGRAM_URL,
    model: process.env.DEEPGRAM_MODEL ?? 'nova-3',
  },
  groq: {
    apiKey: process.env.GROQ_API_KEY,
    baseURL: process.env.GROQ_BASE_URL,
    model: process.env.GROQ_MODEL ?? 'llama-3.1-8b-instant',
  },
  cartesia: {
    apiKey: process.env.CARTESIA_API_KEY,
    baseURL: process.env.CARTESIA_BASE_URL,
    model: process.env.CARTESIA_MODEL ?? 'sonic-3.5',
    voice: process.env.CARTESIA_VOICE_ID ?? 'f786b574-daa5-4673-aa0c-cbe3e8534c02',
  },
  // How long calls may go on after SIGTERM.
  drainMs: Number(process.env.DRAIN_MS ?? 30_000),
};

// Everything that comes from the environment. The URLs are for proxies and local stand-ins; leave them out otherwise.
const required = ['DEEPGRAM_API_KEY', 'OPENAI_API_KEY'];
const missing = required.filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`Set ${missing.join(', ')} in the environment.`);
  process.exit(2);
}

export const config = {
  deepgramKey: process.env.DEEPGRAM_API_KEY,
  deepgramUrl: process.env.DEEPGRAM_URL,
  openaiKey: process.env.OPENAI_API_KEY,
  openaiUrl: process.env.OPENAI_BASE_URL,
};

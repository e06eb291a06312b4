// Loaded first: says what is missing before a client does so by throwing.
const missing = ['DEEPGRAM_API_KEY', 'OPENAI_API_KEY', 'CARTESIA_API_KEY'].filter(
  (name) => !process.env[name],
);
if (missing.length > 0) {
  console.error(`Set ${missing.join(' and ')}.`);
  process.exit(1);
}

import {
  delay,
  type Loopback,
  listenOnLoopback,
  readJson,
  sendJson,
} from '../../../demo/simulators/server.ts';

/** What Ollama says at the end of an answer. Durations are nanoseconds. */
const COUNTS = { prompt_eval_count: 26, eval_count: 4, total_duration: 9_000_000, eval_duration: 4_000_000 };
/** The same in the words of the pipeline. */
export const OLLAMA_USAGE = { inputTokens: 26, outputTokens: 4 };
const WORDS = ['Of ', 'course, ', 'with ', 'pleasure.'];

/** Starts a server that speaks Ollama's API: `chat` and `generate`, as lines of JSON or whole. A model that it does not have is 404. */
export function startOllamaSimulator(): Promise<Loopback> {
  return listenOnLoopback({
    onRequest: async (request, response) => {
      const body = await readJson(request);
      const model = String(body?.model);
      if (model === 'none') return sendJson(response, 404, { error: `model '${model}' not found` });
      const said = (content: string) =>
        request.url === '/api/chat' ? { message: { role: 'assistant', content } } : { response: content };
      const tool = { function: { name: 'get_opening_hours', arguments: { day: 'Sunday' } } };
      const base = { model, created_at: new Date().toISOString() };
      const end = { ...base, done: true, done_reason: 'stop', ...COUNTS };
      if (body?.stream !== true) return sendJson(response, 200, { ...end, ...said(WORDS.join('')) });
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const line = (part: object) => response.write(`${JSON.stringify({ ...base, done: false, ...part })}\n`);
      if (Array.isArray(body.tools))
        line({ message: { role: 'assistant', content: '', tool_calls: [tool] } });
      else
        for (const word of WORDS) {
          await delay(10, gone.signal);
          if (gone.signal.aborted) return;
          line(said(word));
        }
      response.end(`${JSON.stringify({ ...end, ...said('') })}\n`);
    },
  });
}

import type { ServerResponse } from 'node:http';
import {
  delay,
  type Loopback,
  listenOnLoopback,
  readJson,
  sendJson,
} from '../../../demo/simulators/server.ts';

const COUNTS = {
  billed_units: { input_tokens: 11, output_tokens: 4 },
  tokens: { input_tokens: 512, output_tokens: 6 },
};
/** What is billed of it, in the words of the pipeline. */
export const COHERE_USAGE = { inputTokens: 11, outputTokens: 4 };
const WORDS = ['Of ', 'course, ', 'with ', 'pleasure.'];
const CALL = { id: 'call_1', type: 'function', function: { name: 'get_opening_hours', arguments: '{}' } };

/** Starts a server that speaks both versions of Cohere's chat. */
export function startCohereSimulator(): Promise<Loopback> {
  return listenOnLoopback({
    onRequest: async (request, response) => {
      const body = await readJson(request);
      if (body?.model === 'none') return sendJson(response, 429, { message: 'too many requests' });
      const tool = Array.isArray(body?.tools) && body.tools.length > 0;
      const second = request.url === '/v2/chat';
      if (body?.stream !== true) return sendJson(response, 200, second ? wholeV2() : wholeV1());
      await send(response, second ? eventsV2(tool) : eventsV1());
    },
  });
}

const wholeV2 = () => ({
  id: 'one',
  finish_reason: 'COMPLETE',
  message: { role: 'assistant', content: [{ type: 'text', text: WORDS.join('') }] },
  usage: COUNTS,
});

const wholeV1 = () => ({
  generation_id: 'one',
  text: WORDS.join(''),
  finish_reason: 'COMPLETE',
  chat_history: [],
  meta: COUNTS,
});

function eventsV2(tool: boolean): object[] {
  const content = (text: string) => ({
    type: 'content-delta',
    index: 0,
    delta: { message: { content: { text } } },
  });
  const end = { finish_reason: tool ? 'TOOL_CALL' : 'COMPLETE', usage: COUNTS };
  return [
    {
      type: 'message-start',
      id: 'one',
      delta: { message: { role: 'assistant', content: [], tool_calls: [] } },
    },
    ...(tool
      ? [
          { type: 'tool-call-start', index: 0, delta: { message: { tool_calls: CALL } } },
          { type: 'tool-call-end', index: 0 },
        ]
      : WORDS.map(content)),
    { type: 'message-end', delta: end },
  ];
}

const eventsV1 = (): object[] => [
  { event_type: 'stream-start', generation_id: 'one', is_finished: false },
  ...WORDS.map((text) => ({ event_type: 'text-generation', text, is_finished: false })),
  { event_type: 'stream-end', finish_reason: 'COMPLETE', is_finished: true, response: wholeV1() },
];

async function send(response: ServerResponse, events: readonly object[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  for (const event of events) {
    await delay(5, gone.signal);
    if (gone.signal.aborted) return;
    const name = (event as { type?: string }).type;
    response.write(
      name === undefined
        ? `${JSON.stringify(event)}\n`
        : `event: ${name}\ndata: ${JSON.stringify(event)}\n\n`,
    );
  }
  response.end();
}

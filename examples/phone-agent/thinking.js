// The language model: streams an answer, running tools as it asks for them.
import Groq from 'groq-sdk';
import { config } from './config.js';
import { runTool, tools } from './tools.js';

const { apiKey, baseURL, model } = config.groq;
const groq = new Groq({ apiKey, ...(baseURL && { baseURL }) });
const MOST_TOOL_ROUNDS = 3;

export const SYSTEM_PROMPT =
  "You are the receptionist of Luigi's, a small Italian restaurant, on the telephone. Answer in one or two short " +
  'sentences of plain speech. Use the tools for opening hours and free tables; never guess them.';

// Yields the answer's text as it comes. Appends what tools were asked and answered to `messages`.
export async function* think(messages, { signal, callSid }) {
  for (let round = 0; round < MOST_TOOL_ROUNDS; round++) {
    const stream = await groq.chat.completions.create(
      { model, messages, tools, stream: true, temperature: 0.3, max_completion_tokens: 200, user: callSid },
      { signal },
    );
    const calls = [];
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta;
      for (const part of delta?.tool_calls ?? []) collect(calls, part);
      if (delta?.content) yield delta.content;
    }
    if (calls.length === 0 || signal.aborted) return;
    messages.push({ role: 'assistant', tool_calls: calls });
    for (const call of calls) {
      const content = JSON.stringify(await runTool(call.function.name, call.function.arguments));
      messages.push({ role: 'tool', tool_call_id: call.id, content });
    }
  }
}

function collect(calls, { index, id, function: part }) {
  calls[index] ??= { id, type: 'function', function: { name: '', arguments: '' } };
  calls[index].function.name += part?.name ?? '';
  calls[index].function.arguments += part?.arguments ?? '';
}

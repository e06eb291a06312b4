// The language model, with the AI SDK: any provider of it will do.
import { openai } from '@ai-sdk/openai';
import { isStepCount, streamText, tool } from 'ai';
import { z } from 'zod';

export const GREETING = "Hello, this is Luigi's. How can I help?";

const model = openai.chat(process.env.OPENAI_MODEL ?? 'gpt-4o-mini');
const instructions =
  "You are the receptionist of Luigi's, a small Italian restaurant, on the telephone. Answer in one or two short " +
  'sentences of plain speech. Use the tool for opening hours; never guess them.';

const tools = {
  get_opening_hours: tool({
    description: 'When the restaurant opens and closes on a day of the week.',
    inputSchema: z.object({ day: z.string().describe('For example sunday') }),
    execute: async ({ day }) => ({ day, opens: 'noon', closes: day === 'sunday' ? 'nine' : 'ten' }),
  }),
};

// The answer's text as it comes. It ends early when `signal` aborts.
export function answer(messages, { signal, user }) {
  return streamText({
    model,
    instructions,
    messages,
    tools,
    stopWhen: isStepCount(3),
    abortSignal: signal,
    providerOptions: { openai: { user } },
  }).textStream;
}

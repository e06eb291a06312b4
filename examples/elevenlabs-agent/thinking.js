// The language model: streams an answer, running the tool when it asks for it.
import Anthropic from '@anthropic-ai/sdk';

const anthropic = new Anthropic();
const model = process.env.ANTHROPIC_MODEL ?? 'claude-haiku-4-5';
const system =
  "You are the receptionist of Luigi's, a small Italian restaurant, on the telephone. Answer in one or two short " +
  'sentences of plain speech. Use the tool for opening hours; never guess them.';
const tools = [
  {
    name: 'get_opening_hours',
    description: 'When the restaurant opens and closes on a day of the week.',
    input_schema: { type: 'object', properties: { day: { type: 'string' } }, required: ['day'] },
  },
];
const openingHours = ({ day }) => ({ day, opens: 'noon', closes: day === 'sunday' ? 'nine' : 'ten' });

// Yields the answer's text as it comes, and appends what was said to `messages`.
export async function* think(messages, signal) {
  for (;;) {
    const stream = anthropic.messages.stream({ model, system, messages, tools, max_tokens: 300 }, { signal });
    for await (const event of stream)
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text;
    const { content, stop_reason } = await stream.finalMessage();
    messages.push({ role: 'assistant', content });
    if (stop_reason !== 'tool_use') return;
    const calls = content.filter(({ type }) => type === 'tool_use');
    messages.push({
      role: 'user',
      content: calls.map(({ id, input }) => ({
        type: 'tool_result',
        tool_use_id: id,
        content: JSON.stringify(openingHours(input)),
      })),
    });
  }
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

/** A chat message as the API takes it, as far as a script looks at it. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: unknown;
}

/** What a script answers: words, or a request to run a tool. */
export type ChatReply =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'tool_call';
      readonly name: string;
      readonly arguments: Readonly<Record<string, unknown>>;
    };

/** Decides the answer to a conversation. Must depend on its arguments alone. */
export type ChatScript = (messages: readonly ChatMessage[], tools: readonly string[]) => ChatReply;

/** The text of a message's content, whether it is a string or a list of parts. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => String((part as { text?: unknown }).text ?? '')).join('');
}

const REPLIES: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/leave a message|after the tone/i, 'Hello, this is Luigi about your table. Please call us back. Goodbye.'],
  [/good\s?bye|\bbye\b/i, 'You are welcome. Goodbye!'],
  [/vegetarian/i, 'We have a mushroom risotto and a grilled aubergine. Both are very good.'],
  [
    /menu/i,
    'Of course. Today we have fresh pasta with clams, a slow roasted lamb shoulder, and grilled sea bass. ' +
      'For dessert there is tiramisu, panna cotta and a lemon tart. All of it is made in our own kitchen.',
  ],
  [/book a table|reservation/i, 'Of course, with pleasure. At what time?'],
  [/seven|eight|nine/i, 'A table for two at seven. You are all set.'],
];

const TOOL_CALLS: readonly (readonly [
  pattern: RegExp,
  name: string,
  args: Readonly<Record<string, unknown>>,
])[] = [
  [/close|open/i, 'get_opening_hours', { day: 'sunday' }],
  [/do you have a table/i, 'check_availability', { people: 2, time: '19:00' }],
];

/**
 * The receptionist of a small restaurant: short answers to the recorded utterances, a tool call when a tool for the
 * question is offered, and an answer made from the tool's result.
 */
export const receptionist: ChatScript = (messages, tools) => {
  const last = messages.at(-1);
  const text = contentText(last?.content);
  if (last?.role === 'tool') return { kind: 'text', text: fromToolResult(text) };
  for (const [pattern, name, args] of TOOL_CALLS) {
    if (pattern.test(text) && tools.includes(name)) return { kind: 'tool_call', name, arguments: args };
  }
  const reply = REPLIES.find(([pattern]) => pattern.test(text))?.[1];
  return { kind: 'text', text: reply ?? 'Sorry, could you say that once more?' };
};

function fromToolResult(result: string): string {
  try {
    const facts = JSON.parse(result) as Record<string, unknown>;
    if (typeof facts.closes === 'string') return `On Sunday we close at ${facts.closes}.`;
    if (facts.available === true) return 'Yes, we have a table for two at seven.';
    if (facts.available === false) return 'I am sorry, we are full at seven.';
  } catch {
    // Not JSON: read it out.
  }
  return result;
}

/**
 * Splits text into the pieces that the chat simulator counts and streams as tokens: a word of up to six letters with
 * the space before it, the next six letters of a longer word, or one other character. Joined they are the text.
 *
 * @example tokenize('Of course.') // ['Of', ' course', '.']
 */
export const tokenize = (text: string): string[] => text.match(/ ?[\p{L}\p{N}]{1,6}|[^\p{L}\p{N}]/gu) ?? [];

/**
 * Prompt tokens by the simulator's rule: four for each message plus the tokens of its text, plus the tokens of the
 * tools and tool calls as JSON.
 */
export function countPromptTokens(
  messages: readonly { readonly content: string; readonly toolCalls?: unknown }[],
  tools?: unknown,
): number {
  const json = (value: unknown): number => (value === undefined ? 0 : tokenize(JSON.stringify(value)).length);
  return messages.reduce(
    (sum, { content, toolCalls }) => sum + 4 + tokenize(content).length + json(toolCalls),
    json(tools),
  );
}

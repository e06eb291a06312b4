/**
 * Parses the JSON of a user's file. The engine's own errors quote the text, which can hold what no log should: this one
 * says where, as far as the engine tells.
 * @throws SyntaxError
 */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, position] = /at position (\d+)/.exec((error as Error).message) ?? [];
    const line = position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length;
    // Not as its cause: causes are printed, too.
    throw new SyntaxError(line === undefined ? 'not JSON' : `not JSON (line ${line})`);
  }
}

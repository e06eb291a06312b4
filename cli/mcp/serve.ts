import { once } from 'node:events';
import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { errorClass } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { VERSION } from '../../model/version.ts';
import { CommandError, UsageError } from '../command.ts';
import { interrupted } from '../interrupted.ts';
import { answerText } from './answer.ts';
import type { Tool, ToolContext } from './tool.ts';
import { TOOLS } from './tools/index.ts';

const INSTRUCTIONS =
  'Figures of calls that voice agents had. Times are seconds, costs USD, instants UTC. What is absent is not known, and never 0. Begin with summarize_calls or find_calls.';

/** Serves the tools on stdin and stdout. Resolves when the client has gone. */
export async function serveTools(context: ToolContext, onError: (text: string) => void): Promise<void> {
  const handle = serveStdio(() => serverOf(context, onError), {
    onerror: (error) => onError(error.message),
  });
  const isGone = process.stdin.readableEnded || process.stdin.destroyed;
  if (!isGone) await Promise.race([once(process.stdin, 'end'), once(process.stdin, 'close'), interrupted()]);
  await handle.close();
}

function serverOf(context: ToolContext, onError: (text: string) => void): McpServer {
  const server = new McpServer(
    { name: 'earshot', version: VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  );
  for (const tool of TOOLS) {
    const { name, title, description, properties, required = [] } = tool;
    const inputSchema = fromJsonSchema<Record<string, unknown>>({
      type: 'object',
      properties,
      required: [...required],
      additionalProperties: false,
    });
    const annotations = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };
    server.registerTool(name, { title, description, inputSchema, annotations }, async (given) => {
      const { text, isError } = await run(tool, given, context, onError);
      return { content: [{ type: 'text', text }], ...(isError && { isError }) };
    });
  }
  return server;
}

/** PostgreSQL takes no NUL in a text. @throws UsageError that names the argument */
function assertNoNul(given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given))
    if ([value].flat().some((text) => typeof text === 'string' && text.includes('\0')))
      throw new UsageError(`${name}: saw a NUL character, expected a text without one.`);
}

/** What a tool answers. An error of the database is named by its class: its message may have what no one is to see. */
export async function run(
  tool: Tool,
  given: Readonly<Record<string, unknown>>,
  context: ToolContext,
  onError: (text: string) => void,
): Promise<{ text: string; isError: boolean }> {
  try {
    assertNoNul(given);
    return { text: answerText(await tool.run(given, context), tool.list), isError: false };
  } catch (error) {
    if (error instanceof UsageError || error instanceof CommandError)
      return { text: safeText(error.message.replace(/^--([a-z-]+):/, '$1:')), isError: true };
    onError(`${tool.name}: the database did not answer (${errorClass(error)})`);
    return { text: `The database did not answer (${errorClass(error)}).`, isError: true };
  }
}

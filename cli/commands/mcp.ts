import { safeText } from '../../model/safe-text.ts';
import { readSettings } from '../../model/settings.ts';
import { isName, NAME_RULE } from '../../model/tenant.ts';
import { type Command, CommandError, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { finalizeEnded } from '../finalize-ended.ts';
import { missingPackages } from '../missing.ts';
import { openReadingDatabase } from '../reading-database.ts';

export const mcp: Command = {
  name: 'mcp',
  help: `Usage: earshot mcp [--content] [--tenant NAME]

Serves tools of the Model Context Protocol on stdin and stdout, for an assistant that starts it: find calls, what they come to,
the slowest turns, one call explained with the owner of each part of its silence, cost by anything, two selections compared, and
what another model or delay would do. It reads and writes nothing: a database role that may only SELECT is enough. Answers have a limit of length, and say what they left out.

  --content        also what was said, where it was captured. Without it no transcript reaches the model
  --tenant NAME    only calls of this tenant; again: of one or the other

It needs the package @modelcontextprotocol/server. docs/mcp.md shows what an assistant needs to start it.

Reads EARSHOT_DATABASE_URL (or DATABASE_URL), else the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: { content: { type: 'boolean' }, tenant: { type: 'string', multiple: true } },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const tenants = Array.isArray(options.tenant) ? (options.tenant as readonly string[]) : undefined;
  const wrong = tenants?.find((name) => !isName(name));
  if (wrong !== undefined) throw new UsageError(`--tenant: saw ${wrong}, expected ${NAME_RULE}.`);
  const install = missingPackages('mcp');
  if (install !== undefined)
    throw new CommandError(`earshot mcp needs a package that is not installed:\n\n  ${install}`);
  const settings = readSettings();
  const { serveTools } = await import('../mcp/serve.ts');
  const database = await openReadingDatabase(settings);
  try {
    await finalizeEnded(database, settings, io);
    io.err(`earshot mcp: reads ${database.name}${options.content === true ? ', with what was said' : ''}`);
    const context = { db: database.db, settings, content: options.content === true, tenants };
    await serveTools(context, (text) => io.err(`earshot mcp: ${safeText(text)}`));
    return 0;
  } finally {
    await database.close();
  }
}

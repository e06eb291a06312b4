import { readSettings, type Settings } from '../../model/settings.ts';
import type { Command, ExitCode, Invocation } from '../command.ts';
import { databaseFindings } from '../doctor/database.ts';
import { endpointFinding } from '../doctor/endpoint.ts';
import type { Finding } from '../doctor/finding.ts';
import { projectFindings } from '../doctor/project.ts';
import { recordingsFinding } from '../doctor/recordings.ts';
import { renderFindings } from '../doctor/render.ts';
import { spoolFinding } from '../doctor/spool.ts';
import { webhooksFinding } from '../doctor/webhooks.ts';
import { toJson } from '../render/json.ts';
import { painter } from '../render/text.ts';

export const doctor: Command = {
  name: 'doctor',
  help: `Usage: earshot doctor [--json]

Looks at the project in this folder and at what the environment says, changing nothing: Node, the SDKs that are installed
and whether each version is instrumented, copies of @opentelemetry/api, the database (reachable, with our tables, its
clock), the OTLP endpoint, spans that wait in the spool, the folder of recordings, and the webhooks of hosted platforms.
Run it where and as the agent runs, or earshot serve.

Each line is ok, warn (something may be missing) or fail (nothing comes of it), with what to do. Exit code 1 when any
failed.

  --json   the lines as JSON: name, status, text, cure

Looks at EARSHOT_DATABASE_URL (or DATABASE_URL), else at the embedded database in .earshot (EARSHOT_DATA_DIR).`,
  options: { json: { type: 'boolean' } },
  maxArguments: 0,
  run,
};

async function run({ options, io }: Invocation): Promise<ExitCode> {
  const wrong: Finding[] = [];
  const settings = readSettings({
    warn: (text) =>
      wrong.push({ name: 'settings', status: 'fail', text, cure: 'See docs/configuration.md.' }),
  });
  const findings = [
    ...projectFindings(process.cwd()),
    ...wrong,
    ...switchedOff(),
    ...(await databaseFindings(settings)),
    await endpointFinding(),
    ...spool(settings),
    ...(await recordings(settings)),
    ...webhooksFinding(settings),
  ];
  if (options.json === true) io.out(toJson({ findings }));
  else io.out(renderFindings(findings, io.width, painter(io.colour)));
  return findings.some(({ status }) => status === 'fail') ? 1 : 0;
}

/** Without a database there is nothing to wait for. */
const spool = (settings: Settings): Finding[] =>
  settings.databaseUrl === undefined ? [] : [spoolFinding(settings)];

/** Only where they are asked for. */
const recordings = async ({ recordings: name }: Settings): Promise<Finding[]> =>
  name === undefined ? [] : [await recordingsFinding(name)];

function switchedOff(): Finding[] {
  if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() !== 'true') return [];
  const text = 'OTEL_SDK_DISABLED is true: earshot does nothing at all';
  return [{ name: 'settings', status: 'fail', text, cure: 'Unset it.' }];
}

import { codeBlocks, PAGES } from './pages.ts';

/** What becomes of a command of the pages when the tests run. */
export type Fate =
  /** test/e2e/docs.test.ts runs it. `needs`: the program that it is skipped without. */
  | { readonly run: true; readonly needs?: string }
  /** This test runs it, or what it does: the file has `has`. */
  | { readonly by: string; readonly has: string }
  /** It cannot be run here. */
  | { readonly not: string };

const RUN = { run: true } as const;
const CHANGES_THE_PROJECT = { not: 'installs into the project of a user' };
const DOCKER = { not: 'needs Docker and its registries' };
const CLUSTER = { not: 'needs a cluster; what it applies is rendered and validated by test/unit/deploy' };
const RELEASE = { not: 'makes a release' };
const KEYS = {
  not: 'keys and addresses of providers: test/accuracy/examples runs these agents against stand-ins',
};

/** The first that matches counts. */
export const FATES: readonly (readonly [command: RegExp, Fate])[] = [
  // Agents and reports
  [
    /^EARSHOT_PROVIDER_HOSTS=/,
    { by: 'test/e2e/register/raw-sockets.test.ts', has: 'EARSHOT_PROVIDER_HOSTS' },
  ],
  [/^EARSHOT_SDKS=/, { by: 'test/e2e/register/own-sdks.test.ts', has: 'EARSHOT_SDKS' }],
  [/^export (EARSHOT_)?DATABASE_URL=/, RUN],
  [/^([A-Z_]+=\S+ )*node --import earshot\/register (agent\.js|bundle\.mjs)$/, RUN],
  [/^EARSHOT_DATABASE_URL=\S+ node --import earshot\/register agent\.mjs$/, RUN],
  [
    /^node (--import \.\/otel\.mjs )?--import earshot\/register (agent|calls|stop)\.mjs$/,
    { by: 'test/e2e/register/own-opentelemetry.test.ts', has: 'own-opentelemetry.md' },
  ],
  [/^NODE_OPTIONS='--import earshot\/register' node agent\.js$/, RUN],
  [/^bun --preload earshot\/register /, { by: 'test/e2e/register/rows.test.ts', has: 'RUNTIMES' }],
  [/^deno run .*--preload /, { by: 'test/e2e/register/rows.test.ts', has: 'RUNTIMES' }],
  [/^node --import \.\/apps\/agent\/node_modules\/earshot\/dist\//, RUN],
  [/^npx earshot report( CALL)?$/, RUN],
  [/^npx earshot report --live$/, { by: 'test/integration/cli/report.test.ts', has: 'listLiveCalls(' }],
  [/^npx earshot report .*--csv > /, { by: 'test/integration/cli/report.test.ts', has: 'exportCsv(' }],
  [/^npx earshot report .*--sort /, { by: 'test/unit/cli/options.test.ts', has: "'min-silence'" }],
  [
    /^npx earshot export --journal /,
    { by: 'test/integration/warehouse/export-journal.test.ts', has: 'exportJournal(' },
  ],
  [
    /^npx earshot migrate --distribute$/,
    { by: 'test/integration/store/citus.test.ts', has: 'distributeJournal(' },
  ],
  [/^spark-submit /, { by: 'test/integration/warehouse/engines.test.ts', has: 'cost_by_campaign.py' }],
  [
    /^CLICKHOUSE_USER=earshot CLICKHOUSE_PASSWORD=… npx earshot export /,
    { by: 'test/integration/warehouse/engines.test.ts', has: 'exportToClickHouse(' },
  ],
  [/^npx earshot export /, { by: 'test/e2e/export.test.ts', has: "['export'" }],
  [/^npx earshot check .*--score /, { by: 'test/integration/cli/check.test.ts', has: "'--score'" }],
  [/^npx earshot replay /, { by: 'test/e2e/replay.test.ts', has: "['replay'" }],
  [/^npx earshot check .*--slo /, { by: 'test/integration/cli/weeks.test.ts', has: "'--slo'" }],
  [/^npx earshot check .*--baseline '/, { by: 'test/integration/cli/weeks.test.ts', has: "'last 7d'" }],
  [/^npx earshot slo /, { by: 'test/unit/cli/slo.test.ts', has: 'rulesText(' }],
  [
    /^npx earshot incidents? /,
    { by: 'test/integration/store/incidents.test.ts', has: "earshot('incident', incident.id, '--out'" },
  ],
  [/^npx earshot compare /, { by: 'test/integration/cli/weeks.test.ts', has: "earshot('compare'" }],
  [/^npx earshot demo .*--(fast|clean)/, { by: 'test/integration/cli/weeks.test.ts', has: "'--fast'" }],
  [/^npx earshot check .*--baseline /, { by: 'test/integration/cli/check.test.ts', has: "'--baseline'" }],
  [/^npx earshot check /, { by: 'test/integration/cli/check.test.ts', has: "runCli(['check'" }],
  [
    /^npx earshot (save CALL|open bad-call\.earshot)/,
    { by: 'test/integration/cli/calls-that-travel.test.ts', has: 'run(save, ' },
  ],
  [
    /^(EARSHOT_RECORDINGS=calls )?npx earshot verify /,
    { by: 'test/integration/cli/calls-that-travel.test.ts', has: 'run(verify, ' },
  ],
  [/^npx earshot score /, { by: 'test/integration/cli/calls-that-travel.test.ts', has: 'run(score, ' }],
  [/^gunzip -c bad-call\.earshot/, { by: 'test/unit/call-file/hostile.test.ts', has: 'gunzipSync(' }],
  [
    /^npx earshot (whatif|endpointing) /,
    { by: 'test/integration/cli/decisions.test.ts', has: "['whatif', '--llm'" },
  ],
  [/^npx esbuild /, RUN],
  [/^OTEL_SERVICE_NAME=/, { by: 'test/e2e/register/rows.test.ts', has: 'OTEL_SERVICE_NAME' }],
  [/^OTEL_RESOURCE_ATTRIBUTES=/, { by: 'test/e2e/register/rows.test.ts', has: 'OTEL_RESOURCE_ATTRIBUTES' }],
  [/^(EARSHOT_DATABASE_URL=\S+ )?npx earshot serve$/, { by: 'test/e2e/docs.test.ts', has: 'startServe' }],
  [/^npx earshot watch -- node agent\.js$/, { by: 'test/e2e/watch.test.ts', has: "['watch'" }],
  [/^npx earshot ui$/, { by: 'test/e2e/cli.test.ts', has: "startCli(['ui'" }],
  [
    /^curl -s 'http:\/\/127\.0\.0\.1:4319\/api\/calls/,
    { by: 'test/integration/ui/api.test.ts', has: '/api/calls?since=all' },
  ],
  [/^npx earshot demo$/, { by: 'test/accuracy/demo.test.ts', has: "startCli(['demo'" }],
  [
    /^(NODE_OPTIONS='\S+ \S+' )?node (--import \S+ )?agent\.js start$/,
    { by: 'test/accuracy/livekit-example.test.ts', has: 'NODE_OPTIONS' },
  ],
  [
    /^(export LIVEKIT_API_KEY=… |EARSHOT_UI=true EARSHOT_RECORDINGS=\S+ npx earshot serve$)/,
    { by: 'test/integration/receiver/livekit-agents.test.ts', has: 'EARSHOT_RECORDINGS' },
  ],
  [/^export \w+=(…|wss:)/, KEYS],
  [/^npm (start|run dev)$/, KEYS],
  // Installing
  [/^npm install/, CHANGES_THE_PROJECT],
  [/^pnpm .* add /, CHANGES_THE_PROJECT],
  [/^npm ls /, { not: 'shows what a user has installed' }],
  // Around it
  [/^docker /, DOCKER],
  [
    /^node scripts\/pin-images\.mjs$/,
    { by: 'test/unit/deploy/pin-images.test.ts', has: 'scripts/pin-images.mjs' },
  ],
  [/^kubectl kustomize \.$/, { run: true, needs: 'kubectl' }],
  [/^kubectl /, CLUSTER],
  [/^psql .*grafana\/reader\.sql$/, { by: 'test/support/grafana/database.ts', has: 'reader.sql' }],
  [/^promtool test rules /, { by: 'test/unit/deploy/prometheus.test.ts', has: "'test', 'rules'" }],
  [/^amtool check-config /, { by: 'test/unit/deploy/alertmanager.test.ts', has: 'check-config' }],
  [/^(go install .*|builder .*)$/, { by: 'scripts/stack.mjs', has: 'cmd/builder' }],
  [
    /^(otelcol-contrib|\.\/_build\/otelcol-earshot) /,
    { by: 'test/support/stack/stack.ts', has: '--config=' },
  ],
  // Working on earshot
  [/^npm test$/, { by: '.ci/run', has: 'npm test' }],
  [/^npm run (check|test:fleet|test:stack|test:accuracy|demo)$/, { by: '.ci/run', has: 'npm run' }],
  [/^npm test grafana$/, { by: 'package.json', has: '"test"' }],
  [/^npm run dashboards$/, { by: 'test/unit/grafana/dashboards.test.ts', has: 'npm run dashboards' }],
  [/^node scripts\/dashboard-layout\.mjs$/, { not: 'draws boxes for a person to look at' }],
  [/dist\/bench\/capacity\.js/, { by: 'test/unit/docs/scale.test.ts', has: 'bench/capacity.js' }],
  [/bench\/main\.js|npm run bench( -- \w+)?$/, { not: 'measures, for minutes, on a quiet machine' }],
  // Releasing
  [/^npm sbom /, RUN],
  [/^npm pack --dry-run$/, { by: 'test/unit/docs/links.test.ts', has: "'--dry-run'" }],
  [/^npm audit signatures$/, { by: 'scripts/signatures.mjs', has: "'audit', 'signatures'" }],
  [/^npm (version|publish|view|deprecate) /, RELEASE],
];

/** A command of the pages, and those that have it. */
export interface DocumentedCommand {
  readonly command: string;
  readonly pages: readonly string[];
  /** Undefined: the table does not know it. */
  readonly fate: Fate | undefined;
}

/** The commands of a block of shell: without comments, and with the lines that a backslash joins. */
export const commandsIn = (code: string): string[] =>
  code
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/\s{2,}#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

export const documentedCommands = (): DocumentedCommand[] => {
  const pages = new Map<string, string[]>();
  for (const { language, code, page } of PAGES.flatMap(codeBlocks))
    if (language === 'sh')
      for (const command of commandsIn(code)) pages.set(command, [...(pages.get(command) ?? []), page]);
  return [...pages].map(([command, on]) => ({
    command,
    pages: on,
    fate: FATES.find(([pattern]) => pattern.test(command))?.[1],
  }));
};

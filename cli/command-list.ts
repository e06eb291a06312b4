import type { Command } from './command.ts';

/** A command before it is loaded. */
interface Listed {
  /** For the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Each is loaded when it is asked for: to load them all takes longer than most of them work. */
export const COMMANDS: Readonly<Record<string, Listed>> = {
  demo: {
    summary: 'run a phone agent on this machine, call it, and show where the silence went',
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  watch: {
    summary: 'run an agent of your own and show its calls: earshot watch -- node agent.js',
    load: async () => (await import('./commands/watch.ts')).watch,
  },
  ui: {
    summary: 'look at calls in a browser: what was said when, where the silence went, what it cost',
    load: async () => (await import('./commands/ui.ts')).ui,
  },
  serve: {
    summary: 'receive spans over OTLP/HTTP and turn every call into rows',
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  report: {
    summary: 'show finished calls, or one call turn by turn',
    load: async () => (await import('./commands/report.ts')).report,
  },
  save: {
    summary: 'write one call as a file, to open elsewhere',
    load: async () => (await import('./commands/save.ts')).save,
  },
  open: {
    summary: 'show a call that earshot save wrote, without a database',
    load: async () => (await import('./commands/open.ts')).open,
  },
  replay: {
    summary: 'play the timings of a saved call to an agent: a bad call becomes a test',
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  mcp: {
    summary: 'let a model ask about calls: a read-only MCP server on stdio',
    load: async () => (await import('./commands/mcp.ts')).mcp,
  },
  score: {
    summary: 'say what you think of a call: politeness=0.9 solved=yes',
    load: async () => (await import('./commands/score.ts')).score,
  },
  verify: {
    summary: 'hear recordings out: is the silence of each turn what its row says?',
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  check: {
    summary: 'hold the figures of calls against limits: a gate for CI and for canaries',
    load: async () => (await import('./commands/check.ts')).check,
  },
  compare: {
    summary: 'say what is different between two selections of calls, and what is chance',
    load: async () => (await import('./commands/compare.ts')).compare,
  },
  slo: {
    summary: 'write Prometheus rules that say when what is promised of calls is not kept',
    load: async () => (await import('./commands/slo.ts')).slo,
  },
  whatif: {
    summary: 'what another model or another endpointing delay would do to silence and cost',
    load: async () => (await import('./commands/whatif.ts')).whatif,
  },
  endpointing: {
    summary: 'how long to wait for the user to go on: silence saved against users cut off',
    load: async () => (await import('./commands/endpointing.ts')).endpointing,
  },
  incidents: {
    summary: 'list what became slower than in the hour before, and whose it is',
    load: async () => (await import('./commands/incidents.ts')).incidents,
  },
  incident: {
    summary: 'show one incident, or write what its provider needs to look into it',
    load: async () => (await import('./commands/incident.ts')).incident,
  },
  doctor: {
    summary: 'look for why calls may be missing: packages, database, collector, folders',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  migrate: {
    summary: 'bring the database to the schema of this version',
    load: async () => (await import('./commands/migrate.ts')).migrate,
  },
  export: {
    summary: 'write calls and turns, or spans, as files for a warehouse, each once',
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  reprice: {
    summary: 'compute the cost of past calls again, with other prices',
    load: async () => (await import('./commands/reprice.ts')).reprice,
  },
};

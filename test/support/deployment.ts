import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { packageRoot } from './root.ts';

/** A file of this package, as text. */
export const readText = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

/** A YAML file of this package, with its anchors and merge keys resolved. */
export const readYaml = <T>(path: string): T => parse(readText(path), { merge: true }) as T;

/** The variables that a text names as `${env:NAME}` or `${env:NAME:-default}`. */
export const environmentOf = (text: string): readonly string[] =>
  [...new Set([...text.matchAll(/\$\{env:(\w+)/g)].map(([, name]) => name ?? ''))].sort();

/** A configuration of a collector, as far as tests look into it. */
export interface CollectorConfig {
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly receivers?: Readonly<Record<string, unknown>>;
  readonly processors?: Readonly<Record<string, unknown>>;
  readonly connectors?: Readonly<Record<string, unknown>>;
  readonly exporters?: Readonly<Record<string, unknown>>;
  readonly service: {
    readonly extensions: readonly string[];
    readonly pipelines: Readonly<
      Record<
        string,
        {
          readonly receivers: readonly string[];
          readonly processors?: readonly string[];
          readonly exporters: readonly string[];
        }
      >
    >;
  };
}

/** Content modes of the collector. */
export const CONTENT_MODES = ['metadata', 'redacted', 'full'] as const;
export type ContentMode = (typeof CONTENT_MODES)[number];

/** Configurations of collectors, by the names of their files. */
export const COLLECTOR_FILES = ['collector', 'gateway', 'gateway-kafka'] as const;
export type CollectorFile = (typeof COLLECTOR_FILES)[number];

/** `collector-config/NAME.yaml` merged with `content.yaml`, as the collector does it, in a content mode. */
export function collectorConfig(name: CollectorFile, mode: ContentMode): CollectorConfig {
  const resolve = (path: string) =>
    parse(readText(path).replaceAll(/\$\{env:EARSHOT_CONTENT:-metadata\}/g, mode), {
      merge: true,
    }) as CollectorConfig;
  const main = resolve(`collector-config/${name}.yaml`);
  const content = resolve('collector-config/content.yaml');
  return { ...main, processors: { ...main.processors, ...content.processors } };
}

/** What content.yaml does to attributes in metadata mode, read from the file itself. */
export interface ContentRules {
  /** Names of span attributes that are taken away. */
  readonly deleted: readonly RegExp[];
  /** Names of event attributes that stay. */
  readonly keptOnEvents: readonly RegExp[];
  /** What is masked inside values. */
  readonly masked: readonly RegExp[];
  /** Names of attributes whose values are left alone. */
  readonly ignored: readonly RegExp[];
}

interface ContentFile {
  readonly processors: {
    readonly 'transform/metadata': {
      readonly trace_statements: readonly {
        readonly context: string;
        readonly statements: readonly string[];
      }[];
    };
    readonly 'redaction/metadata': {
      readonly blocked_values: readonly string[];
      readonly ignored_keys: readonly string[];
      readonly ignored_key_patterns: readonly string[];
    };
  };
}

/** Go's patterns in these files are JavaScript's as well. */
export function contentRules(): ContentRules {
  const { processors } = readYaml<ContentFile>('collector-config/content.yaml');
  const mask = processors['redaction/metadata'];
  const patterns = (context: string, call: string) =>
    processors['transform/metadata'].trace_statements
      .filter((group) => group.context === context)
      .flatMap(({ statements }) => statements)
      .flatMap((statement) => {
        const [, pattern] = new RegExp(`^${call}\\(\\w+\\.attributes, "(.*)"\\)$`).exec(statement) ?? [];
        return pattern === undefined ? [] : [new RegExp(pattern)];
      });
  return {
    deleted: patterns('span', 'delete_matching_keys'),
    keptOnEvents: patterns('spanevent', 'keep_matching_keys'),
    masked: mask.blocked_values.map((pattern) => new RegExp(pattern, 'g')),
    ignored: [
      ...mask.ignored_keys.map((key) => new RegExp(`^${key.replaceAll('.', '[.]')}$`)),
      ...mask.ignored_key_patterns.map((pattern) => new RegExp(pattern)),
    ],
  };
}

/** The variables of `.env`. */
export const composeEnvironment = (): Readonly<Record<string, string>> =>
  parseEnv(readText('.env')) as Record<string, string>;

/** docker-compose.yml with its variables filled in; a missing one that is required throws, as Compose would. */
export function composeText(env: Readonly<Record<string, string>> = composeEnvironment()): string {
  return readText('docker-compose.yml')
    .replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind?: string, more = '') => {
      const value = env[name];
      if (value !== undefined && value !== '') return value;
      if (kind === '-') return more;
      throw new Error(`docker-compose.yml needs ${name}: ${more}`);
    })
    .replaceAll('$$', '$');
}

/** A service of docker-compose.yml, as far as tests look into it. */
export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: unknown;
  readonly mem_limit?: string;
  readonly cap_drop?: readonly string[];
  readonly read_only?: boolean;
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export const composeFile = (env?: Readonly<Record<string, string>>): ComposeFile =>
  parse(composeText(env), { merge: true }) as ComposeFile;

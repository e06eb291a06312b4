// Puts the packages of OpenTelemetry that earshot needs into files of ours, in dist/vendor; why is in vendor/opentelemetry.ts.
// All of them are those that @opentelemetry/sdk-node of the lock file goes with.
//
// What has to be one copy in a process stays outside: the API and its part for logs, which keep what is registered, the
// loader's half of import-in-the-middle, and gRPC, which is loaded for OTEL_EXPORTER_OTLP_PROTOCOL=grpc only.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const out = fileURLToPath(new URL('../dist/vendor/', import.meta.url));
const sdk = createRequire(import.meta.url).resolve('@opentelemetry/sdk-node/package.json');
const named = (names) => names.map((name) => `@opentelemetry/${name}`);

/** What every start needs. */
const SDK = named(['context-async-hooks', 'core', 'resources', 'sdk-trace']);
/** What some need: parsed by all, it would take as long as the rest together. */
const EXPORTERS = named([
  'exporter-prometheus',
  'exporter-zipkin',
  'propagator-b3',
  'propagator-jaeger',
  'sdk-logs',
  'sdk-metrics',
  ...['logs', 'metrics', 'trace'].flatMap((signal) =>
    ['grpc', 'http', 'proto'].map((protocol) => `exporter-${signal}-otlp-${protocol}`),
  ),
]);
const INSTRUMENTATION = named(['instrumentation']);

/** Packages of the first file are the same in the second. */
const fromSdk = {
  name: 'from-sdk',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@opentelemetry\/[\w-]+$/ }, ({ path }) =>
      SDK.includes(path) ? { path, namespace: 'sdk' } : undefined,
    );
    onResolve({ filter: /^\.\/opentelemetry\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: 'sdk' }, ({ path }) => ({
      contents: `module.exports = require('./opentelemetry.cjs')('${path}');`,
    }));
  },
};

/**
 * `debug` of require-in-the-middle, which loads what colours a terminal, and the loggers that a base class of
 * instrumentations has for those that log.
 */
const withoutLogs = {
  name: 'without-logs',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:debug|@opentelemetry\/api-logs)$/ }, ({ path }) => ({
      path,
      namespace: 'quiet',
    }));
    onLoad({ filter: /./, namespace: 'quiet' }, ({ path }) => ({
      contents:
        path === 'debug'
          ? 'module.exports = () => () => {};'
          : 'exports.logs = { getLogger() {}, getLoggerProvider() {} };',
    }));
  },
};

await file('opentelemetry.cjs', SDK);
await file('exporters.cjs', EXPORTERS, [fromSdk]);
await file('instrumentation.cjs', INSTRUMENTATION, [withoutLogs]);

const parts = ['@opentelemetry/sdk-node', 'require-in-the-middle', 'module-details-from-path'];
writeFileSync(join(out, 'LICENSE'), parts.map(licence).join('\n\n'));

/** Makes a file that gives each of the packages by its name. */
async function file(name, packages, plugins = []) {
  const { version } = JSON.parse(readFileSync(sdk, 'utf8'));
  await build({
    stdin: {
      contents: `module.exports = (name) => { switch (name) {
        ${packages.map((name) => `case '${name}': return require('${name}');`).join('\n')}
        default: throw new Error(\`\${name} is not among the packages of scripts/vendor.mjs\`);
      } };`,
      resolveDir: dirname(sdk),
    },
    outfile: join(out, name),
    bundle: true,
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['@opentelemetry/api', '@opentelemetry/api-logs', '@grpc/grpc-js', 'import-in-the-middle'],
    banner: {
      js: `// OpenTelemetry for JavaScript, packages of @opentelemetry/sdk-node ${version}. Copyright The OpenTelemetry Authors.\n// Apache License 2.0: see LICENSE in this folder.`,
    },
    plugins,
  });
}

/** A package's licence, as its authors have it. */
function licence(name) {
  const folder = dirname(
    createRequire(sdk).resolve(name === '@opentelemetry/sdk-node' ? sdk : `${name}/package.json`),
  );
  return `${name}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8')}`;
}

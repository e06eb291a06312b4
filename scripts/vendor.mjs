// Puts the packages of the OpenTelemetry SDK that earshot needs into one file, dist/vendor/opentelemetry.cjs; why is in
// vendor/opentelemetry.ts. All of them are those that @opentelemetry/sdk-node of the lock file goes with.
//
// What has to be one copy in a process stays outside: the API and its part for logs, which keep what is registered, and
// gRPC, which is loaded for OTEL_EXPORTER_OTLP_PROTOCOL=grpc only.
import { copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const sdk = createRequire(import.meta.url).resolve('@opentelemetry/sdk-node/package.json');

const PACKAGES = [
  'context-async-hooks',
  'core',
  'exporter-prometheus',
  'exporter-zipkin',
  'propagator-b3',
  'propagator-jaeger',
  'resources',
  'sdk-logs',
  'sdk-metrics',
  'sdk-trace',
  ...['logs', 'metrics', 'trace'].flatMap((signal) =>
    ['grpc', 'http', 'proto'].map((protocol) => `exporter-${signal}-otlp-${protocol}`),
  ),
].map((name) => `@opentelemetry/${name}`);

const { version } = JSON.parse(readFileSync(sdk, 'utf8'));
await build({
  stdin: {
    contents: `module.exports = (name) => { switch (name) {
      ${PACKAGES.map((name) => `case '${name}': return require('${name}');`).join('\n')}
      default: throw new Error(\`\${name} is not among the packages of scripts/vendor.mjs\`);
    } };`,
    resolveDir: dirname(sdk),
  },
  outfile: join(root, 'dist/vendor/opentelemetry.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  external: ['@opentelemetry/api', '@opentelemetry/api-logs', '@grpc/grpc-js'],
  banner: {
    js: `// OpenTelemetry for JavaScript, the packages of @opentelemetry/sdk-node ${version}. Copyright The OpenTelemetry Authors.\n// Apache License 2.0: see LICENSE in this folder.`,
  },
});
copyFileSync(join(dirname(sdk), 'LICENSE'), join(root, 'dist/vendor/LICENSE'));

// Builds and runs the real pipeline: `node scripts/stack.mjs [PART ...]` runs the tests of test/stack whose path contains
// one of the parts. The programs are built once and kept in $EARSHOT_STACK_CACHE, or earshot-stack in the user's cache.
// Without Go the collector and Jaeger cannot be built: the tests are skipped, and it says so.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const cache =
  process.env.EARSHOT_STACK_CACHE ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'earshot-stack');
const parts = process.argv.slice(2);

/** The collector's version is that of the manifest; Jaeger's is 2.13 by the name that Go modules know it by. */
const JAEGER = 'github.com/jaegertracing/jaeger@v1.76.0';
const COMPOSE = 'github.com/compose-spec/compose-go/v2@v2.16.2';
const manifest = readFileSync(`${root}collector-config/builder.yaml`, 'utf8');
/**
 * For this build alone: not every module proxy has that version of it. Kafka's receiver needs it for logs of Azure, which no
 * file of ours reads.
 */
const REPLACES = `
replaces:
  - github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/azure => github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/azure v0.158.0
`;
const collectorVersion = /^\s+version: (\S+)$/m.exec(manifest)?.[1];

const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1_000).toFixed(0)} s`;
const which = (name) =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/lib/go/bin', '/usr/local/go/bin']
    .map((folder) => join(folder, name))
    .find(existsSync);
const go = which('go');

/** Runs a command to its end. Builds are the machine's spare time. */
function run(command, args, options = {}) {
  const polite = process.platform === 'linux' && which('nice') ? ['nice', '-n', '10', command] : [command];
  const [program, ...first] = polite;
  const { status, stdout, stderr, error } = spawnSync(program, [...first, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
    env: {
      ...process.env,
      GOFLAGS: '',
      GOWORK: 'off',
      GOTOOLCHAIN: 'auto',
      CGO_ENABLED: '0',
      ...options.env,
    },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? stderr.slice(-4_000)}`);
  return stdout;
}

/** A program of the cache, built when it is not there. A build that is broken off leaves nothing behind. */
function built(name, version, build) {
  const file = join(cache, `${name}-${version}`);
  if (existsSync(file)) return file;
  const startMs = performance.now();
  console.log(`building ${name} ${version} …`);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'build-'));
  try {
    renameSync(build(folder), file);
  } finally {
    // Go leaves its module files read-only.
    run('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`built ${name} in ${seconds(startMs)}`);
  return file;
}

const BUILD = ['build', '-trimpath', '-ldflags=-s -w'];

function collector() {
  // The comments of a manifest do not make another program.
  const components = manifest.replaceAll(/#.*$/gm, '') + REPLACES;
  const digest = createHash('sha256').update(components).digest('hex').slice(0, 12);
  return built('otelcol', `${collectorVersion}-${digest}`, (folder) => {
    run(go, ['install', `go.opentelemetry.io/collector/cmd/builder@v${collectorVersion}`], {
      env: { GOBIN: folder },
    });
    const sources = join(folder, 'sources');
    const own = join(folder, 'builder.yaml');
    writeFileSync(own, components.replace(/output_path: .*/, `output_path: ${sources}`));
    run(join(folder, 'builder'), [`--config=${own}`, '--skip-compilation']);
    run(go, [...BUILD, '-o', join(folder, 'otelcol'), '.'], { cwd: sources });
    return join(folder, 'otelcol');
  });
}

function jaeger() {
  const [module, version] = JAEGER.split('@');
  return built('jaeger', version, (folder) => {
    // Its go.mod has a replace, which `go install` refuses: it is built in a copy of its own sources.
    const { Dir: sources } = JSON.parse(run(go, ['mod', 'download', '-json', JAEGER], { cwd: folder }));
    const copy = join(folder, 'sources');
    cpSync(sources, copy, { recursive: true });
    run('chmod', ['-R', 'u+w', copy]);
    const stamp = `-s -w -X ${module}/internal/version.latestVersion=${version}`;
    run(go, ['build', '-trimpath', `-ldflags=${stamp}`, '-o', join(folder, 'jaeger'), './cmd/jaeger'], {
      cwd: copy,
    });
    return join(folder, 'jaeger');
  });
}

function compose() {
  const [module, version] = COMPOSE.split('@');
  return built('compose-spec', version, (folder) => {
    run(go, ['install', `${module}/cmd@${version}`], { env: { GOBIN: folder } });
    return join(folder, 'cmd');
  });
}

/** Prometheus of this machine; on Debian, its package unpacked into the cache, which changes nothing of the machine. */
function prometheus() {
  const found = process.env.EARSHOT_STACK_PROMETHEUS || which('prometheus');
  if (found) return found;
  const unpacked = join(cache, 'prometheus-debian');
  const program = join(unpacked, 'usr/bin/prometheus');
  if (existsSync(program)) return program;
  if (!which('apt-get') || !which('dpkg')) return undefined;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'build-'));
  try {
    run('apt-get', ['download', 'prometheus'], { cwd: folder });
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    run('dpkg', ['--extract', join(folder, file), join(folder, 'unpacked')]);
    renameSync(join(folder, 'unpacked'), unpacked);
    return program;
  } catch (error) {
    console.error(String(error.message).slice(0, 500));
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder with the jars of Kafka, which Maven brings. Undefined: nothing here runs or brings them. */
function kafka() {
  const pom = readFileSync(`${root}scripts/kafka/pom.xml`, 'utf8');
  const version = /<artifactId>kafka_2.13<\/artifactId>\s*<version>(.*)<\/version>/.exec(pom)?.[1];
  if (which('java') === undefined) return undefined;
  const [name, mvn] = ['kafka-jars', which('mvn')];
  if (mvn === undefined && !existsSync(join(cache, `${name}-${version}`))) return undefined;
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
  try {
    return built(name, version, (folder) => {
      const jars = join(folder, 'jars');
      const where = [`-f=${root}scripts/kafka/pom.xml`, `-DoutputDirectory=${jars}`];
      run(mvn, ['-B', '-q', ...where, '-DincludeScope=runtime', `${plugin}:copy-dependencies`]);
      return jars;
    });
  } catch (error) {
    console.error(String(error.message).slice(0, 500));
    return undefined;
  }
}

const startMs = performance.now();
if (go === undefined) {
  console.log('SKIPPED: no Go toolchain. Install Go 1.25 or newer (https://go.dev/dl) and run it again.');
  process.exit(0);
}
const programs = {
  EARSHOT_STACK_COLLECTOR: collector(),
  EARSHOT_STACK_JAEGER: jaeger(),
  EARSHOT_STACK_COMPOSE: compose(),
  EARSHOT_STACK_PROMETHEUS: prometheus(),
};
const jars = kafka();
if (jars === undefined) console.log('SKIPPED: Kafka. Install Java 17 or newer and Maven and run it again.');
else Object.assign(programs, { EARSHOT_STACK_KAFKA: jars, EARSHOT_STACK_JAVA: which('java') });
if (programs.EARSHOT_STACK_PROMETHEUS === undefined) {
  console.log('SKIPPED: no Prometheus. Install it (Debian: apt-get install prometheus) and run it again.');
  process.exit(0);
}
const firstLine = (command, args) => run(command, args).trim().split('\n')[0];
console.log(
  [
    firstLine(go, ['version']),
    firstLine(programs.EARSHOT_STACK_COLLECTOR, ['--version']),
    `Jaeger ${JSON.parse(run(programs.EARSHOT_STACK_JAEGER, ['version'])).gitVersion}`,
    firstLine(programs.EARSHOT_STACK_PROMETHEUS, ['--version']),
    `Node ${process.version}`,
    `programs ready after ${seconds(startMs)}`,
  ].join('\n'),
);

const tests = readdirSync(`${root}dist/test/stack`)
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort()
  .map((file) => `dist/test/stack/${file}`);
if (tests.length === 0) {
  console.error(`No test matches ${parts.join(', ')}. Is it built? (npm run build)`);
  process.exit(2);
}
// They wait for programs and for speech.
const node = spawn(process.execPath, ['--test', '--test-concurrency=4', '--test-reporter=spec', ...tests], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ...programs },
});
node.on('exit', (code, signal) => {
  console.log(`test:stack took ${seconds(startMs)}`);
  process.exit(signal ? 1 : (code ?? 1));
});

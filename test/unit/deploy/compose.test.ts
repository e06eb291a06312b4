import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import {
  type ComposeFile,
  composeEnvironment,
  composeFile,
  composeText,
  environmentOf,
  readText,
  readYaml,
} from '../../support/deployment.ts';
import { packageRoot } from '../../support/root.ts';

const COMPOSE = composeFile();
const SERVICES = Object.entries(COMPOSE.services);

test('docker-compose.yml is as the Compose Specification has it', () => {
  const schema = JSON.parse(readText('test/fixtures/compose/compose-spec.json'));
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { duration: true, uri: true } });
  const validate = ajv.compile(schema);
  assert.ok(validate(parse(composeText(), { merge: true })), ajv.errorsText(validate.errors));
  assert.equal(
    validate({ services: { postgres: { imagee: 'postgres' } } }),
    false,
    'the schema refuses nothing',
  );
});

test('images have versions, each of them in .env', () => {
  for (const [, image = ''] of readText('docker-compose.yml').matchAll(/^ {4}image: (.*)$/gm)) {
    assert.match(image, /^[\w/.-]+:\$\{\w+_VERSION\}$|^earshot(-demo)?:local$/);
  }
  for (const [name, value] of Object.entries(composeEnvironment())) {
    if (name.endsWith('_VERSION')) assert.match(value, /^v?\d+(\.\d+)*$/, name);
  }
});

test('the collector is the one that the manifest is tested at', () => {
  const { dist } = readYaml<{ dist: { version: string } }>('collector-config/builder.yaml');
  assert.equal(composeEnvironment().COLLECTOR_VERSION, dist.version);
});

test('nothing listens beyond this machine unless it is said so, and then only where spans are taken', () => {
  const open = composeFile({ ...composeEnvironment(), OTLP_ADDRESS: '0.0.0.0' });
  const published = (file: ComposeFile) => Object.values(file.services).flatMap(({ ports = [] }) => ports);
  for (const port of published(COMPOSE)) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
  const beyond = published(open).filter((port) => !port.startsWith('127.0.0.1:'));
  assert.deepEqual(beyond, ['0.0.0.0:4317:4317', '0.0.0.0:4318:4318']);
});

test('without passwords it does not start', () => {
  for (const name of ['POSTGRES_PASSWORD', 'GRAFANA_DB_PASSWORD', 'GRAFANA_ADMIN_PASSWORD']) {
    assert.throws(() => composeText({ ...composeEnvironment(), [name]: '' }), new RegExp(name));
  }
});

test('every service has a limit of memory and gives up what it does not need', () => {
  for (const [name, { mem_limit: limit, cap_drop: dropped, read_only: readOnly }] of SERVICES) {
    assert.match(limit ?? '', /^\d+[mg]$/, name);
    // PostgreSQL's entry point changes the owner of its volume.
    if (name === 'postgres') continue;
    assert.deepEqual(dropped, ['ALL'], name);
    assert.equal(readOnly, true, name);
  }
});

test('every service that stays says whether it is healthy, where its image has a program to ask', () => {
  for (const [name, { healthcheck, build }] of SERVICES) {
    if (['collector', 'grafana-role', 'demo'].includes(name)) continue;
    if (build?.target === 'serve') assert.match(readText('Dockerfile'), /^HEALTHCHECK .*\n.*\/healthz/m);
    else assert.ok(healthcheck, name);
  }
});

test('files that are mounted exist, volumes are declared, and each is used', () => {
  const used = new Set<string>();
  for (const [name, { volumes = [] }] of SERVICES) {
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) assert.ok(existsSync(join(packageRoot, source)), `${name}: ${source}`);
      else used.add(source);
    }
  }
  assert.deepEqual([...used].sort(), Object.keys(COMPOSE.volumes).sort());
});

test('the services find each other: addresses are names of services, and settings are read by someone', () => {
  const names = SERVICES.map(([name]) => name);
  for (const [name, { environment = {} }] of SERVICES) {
    for (const value of Object.values(environment)) {
      const [, host] = /^(?:\w+:\/\/(?:[^@/]*@)?)?([a-z-]+):\d+/.exec(value) ?? [];
      if (host !== undefined) assert.ok(names.includes(host), `${name}: ${value}`);
    }
  }
  const files = ['collector', 'content'].map((file) => readText(`collector-config/${file}.yaml`)).join();
  for (const variable of Object.keys(COMPOSE.services.collector?.environment ?? {})) {
    if (variable.startsWith('EARSHOT_')) assert.ok(environmentOf(files).includes(variable), variable);
  }
  for (const target of readText('prometheus/prometheus.yml').matchAll(/targets: \['([\w-]+):/g)) {
    assert.ok(names.includes(target[1] ?? ''), target[0]);
  }
});

test('Grafana finds what it reads where it is mounted, and has the variables that it fills in', () => {
  const { volumes = [], environment = {} } = COMPOSE.services.grafana ?? {};
  const mounted = Object.fromEntries(volumes.map((volume) => volume.split(':').slice(0, 2)));
  const boards = readYaml<{ providers: readonly { options: { path: string } }[] }>(
    'grafana/provisioning/dashboards/earshot.yaml',
  );
  assert.equal(mounted['./grafana/provisioning'], '/etc/grafana/provisioning');
  for (const { options } of boards.providers) assert.equal(mounted['./grafana/dashboards'], options.path);
  const sources = readText('grafana/provisioning/datasources/earshot.yaml');
  for (const [, name = ''] of sources.matchAll(/(?<!\$)\$\{(\w+)\}/g)) assert.ok(environment[name], name);
  for (const [, host = ''] of sources.matchAll(/url: (?:http:\/\/)?([\w-]+):\d+/g)) {
    assert.ok(COMPOSE.services[host], host);
  }
});

test('the demo is there on request only', () => {
  const optional = SERVICES.filter(([, { profiles }]) => profiles !== undefined).map(([name]) => name);
  assert.deepEqual(optional, ['demo']);
});

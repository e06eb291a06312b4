import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { SOURCE } from '../../../grafana/queries.ts';
import { packageRoot } from '../../support/root.ts';

const text = (path: string) => readFileSync(join(packageRoot, 'grafana', path), 'utf8');
const sources = text('provisioning/datasources/earshot.yaml');

it('there is a data source of every type that the dashboards ask', () => {
  const types = [...sources.matchAll(/^ {4}type: (\S+)$/gm)].map(([, type]) => type);
  assert.deepEqual(
    types.sort(),
    Object.values(SOURCE)
      .map(({ type }) => type)
      .sort(),
  );
});

it('data sources refer to each other by uids that exist', () => {
  const uids = new Set([...sources.matchAll(/^ {4}uid: (\S+)$/gm)].map(([, uid]) => uid));
  const references = [...sources.matchAll(/datasourceUid: (\S+)$/gm)].map(([, uid]) => uid);
  assert.ok(references.length >= 2);
  for (const uid of references) assert.ok(uids.has(uid), uid);
});

it('an exemplar opens its trace', () => {
  assert.match(
    sources,
    /exemplarTraceIdDestinations:\n\s+- name: trace_id\n\s+datasourceUid: earshot-jaeger/,
  );
});

it('the only secret comes from the environment, and the README names it', () => {
  assert.deepEqual(
    [...sources.matchAll(/(?<!\$)\$\{(\w+)\}/g)].map(([, name]) => name),
    ['GRAFANA_DB_PASSWORD'],
  );
  assert.match(sources, /secureJsonData:\n\s+password: \$\{GRAFANA_DB_PASSWORD\}\n/);
  assert.match(text('README.md'), /`GRAFANA_DB_PASSWORD`/);
});

it("what is Grafana's own has two dollars, or the environment would fill it in", () => {
  assert.doesNotMatch(sources, /(?<!\$)\$__/);
});

it('PostgreSQL is asked as the role that reads and nothing else', () => {
  const [, user = ''] = /^ {4}user: (\S+)$/m.exec(sources) ?? [];
  assert.match(text('reader.sql'), new RegExp(`CREATE ROLE ${user} LOGIN;`));
});

it('the dashboards are read from files, which a browser cannot change', () => {
  const provider = text('provisioning/dashboards/earshot.yaml');
  assert.match(provider, /type: file/);
  assert.match(provider, /allowUiUpdates: false/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UID } from '../../../grafana/links.ts';
import { ATTR } from '../../../model/semconv.ts';
import { composeFile, environmentOf, readText } from '../../support/deployment.ts';

interface Ui {
  readonly topTagPrefixes: readonly string[];
  readonly monitor: { readonly menuEnabled: boolean };
  readonly linkPatterns: readonly {
    readonly type: string;
    readonly key: string;
    readonly url: string;
    readonly text: string;
  }[];
}
const UI = JSON.parse(readText('jaeger/ui.json')) as Ui;

test('a span of a call links to the dashboard of its call', () => {
  assert.deepEqual(
    UI.linkPatterns.map(({ key }) => key),
    [ATTR.callId, ATTR.conversationId],
  );
  for (const { type, key, url } of UI.linkPatterns) {
    assert.equal(type, 'tags');
    assert.equal(url, `http://localhost:3000/d/${UID.call}?var-call_id=#{${key}}`);
  }
});

test('what voice agents say of a span stands first, and the Monitor tab is there', () => {
  assert.deepEqual(UI.topTagPrefixes, ['voice.', 'gen_ai.']);
  assert.equal(UI.monitor.menuEnabled, true);
});

test('Compose gives Jaeger every address that it listens on', () => {
  const given = Object.keys(composeFile().services.jaeger?.environment ?? {});
  const used = environmentOf(readText('jaeger/config.yaml'));
  for (const name of given)
    if (name.startsWith('EARSHOT_')) assert.ok(used.includes(name), `${name} is not used`);
  for (const name of ['EARSHOT_JAEGER_OTLP', 'EARSHOT_JAEGER_QUERY', 'EARSHOT_PROMETHEUS_URL']) {
    assert.ok(given.includes(name), name);
  }
});

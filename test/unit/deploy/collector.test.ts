import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFact } from '../../../exporter/dialects/index.ts';
import { TARGETS } from '../../../grafana/variables.ts';
import { ATTR, ATTRIBUTES, type Definition } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import {
  CONTENT_MODES,
  type CollectorConfig,
  collectorConfig,
  contentRules,
  environmentOf,
  COLLECTOR_FILES as FILES,
  readText,
  readYaml,
} from '../../support/deployment.ts';
import { recordedSpans } from '../../support/otlp-json.ts';
import { packageRoot } from '../../support/root.ts';

const RULES = contentRules();
const isDeleted = (name: string) => RULES.deleted.some((pattern) => pattern.test(name));
const isIgnored = (name: string) => RULES.ignored.some((pattern) => pattern.test(name));
const mask = (text: string) =>
  RULES.masked.reduce((masked, pattern) => masked.replaceAll(pattern, '****'), text);

/** Go modules of the components. Where a type is not in the module's name, it is said here. */
const MODULES: Readonly<Record<string, string>> = {
  otlp_grpc: 'otlpexporter',
  otlp_http: 'otlphttpexporter',
  file_storage: 'filestorage',
};
const typeOf = (id: string) => id.split('/')[0] ?? id;
const moduleOf = (id: string, kind: string) =>
  MODULES[typeOf(id)] ?? `${typeOf(id).replaceAll('_', '')}${kind}`;

const KINDS = ['extension', 'receiver', 'processor', 'connector', 'exporter'] as const;
const declared = (config: CollectorConfig, kind: (typeof KINDS)[number]) =>
  Object.keys(config[`${kind}s`] ?? {});

function used(config: CollectorConfig) {
  const pipelines = Object.values(config.service.pipelines);
  const connectors = new Set(declared(config, 'connector'));
  const ends = pipelines.flatMap(({ receivers, exporters }) => [receivers, exporters] as const);
  return {
    extension: config.service.extensions,
    receiver: pipelines.flatMap(({ receivers }) => receivers).filter((id) => !connectors.has(id)),
    processor: pipelines.flatMap(({ processors = [] }) => processors),
    connector: ends.flat().filter((id) => connectors.has(id)),
    exporter: pipelines.flatMap(({ exporters }) => exporters).filter((id) => !connectors.has(id)),
  };
}

const sorted = (values: Iterable<string>) => [...new Set(values)].sort();

test('every component is declared and used, in every mode', () => {
  for (const file of FILES) {
    const processors = new Set<string>();
    for (const mode of CONTENT_MODES) {
      const config = collectorConfig(file, mode);
      const use = used(config);
      for (const kind of KINDS) {
        if (kind === 'processor') {
          for (const id of use.processor) {
            assert.ok(declared(config, kind).includes(id), `${file}: ${id} is not declared`);
            processors.add(id);
          }
        } else assert.deepEqual(sorted(use[kind]), sorted(declared(config, kind)), `${file}: ${kind}s`);
      }
    }
    assert.deepEqual(sorted(processors), sorted(declared(collectorConfig(file, 'full'), 'processor')));
  }
});

/** A receiver of a topic, which is a queue on disk. */
interface TopicReader {
  readonly initial_offset: string;
  readonly message_marking: Readonly<Record<'after' | 'on_error' | 'on_permanent_error', boolean>>;
  readonly error_backoff: { readonly enabled: boolean; readonly max_elapsed_time: string };
}

test('memory is limited first in every pipeline, and every exporter that sends has a queue on disk behind it', () => {
  for (const file of FILES) {
    const { service, receivers = {}, exporters = {} } = collectorConfig(file, 'metadata');
    for (const { processors } of Object.values(service.pipelines))
      assert.equal(processors?.[0], 'memory_limiter');
    for (const [id, exporter] of Object.entries(exporters)) {
      if (!id.startsWith('otlp') && id !== 'kafka') continue;
      const { sending_queue: queue, retry_on_failure: retry } = exporter as {
        sending_queue: { storage?: string; enabled?: boolean };
        retry_on_failure: { max_elapsed_time: string };
      };
      assert.equal(retry.max_elapsed_time, '0s', id);
      const readers = Object.values(service.pipelines)
        .filter(({ exporters }) => exporters.includes(id))
        .flatMap(({ receivers }) => receivers);
      if (!readers.includes('kafka')) {
        assert.equal(queue.storage, 'file_storage/queue', id);
        continue;
      }
      // A queue of its own would count records as read that the database does not have.
      assert.equal(queue.enabled, false, id);
      assert.deepEqual(readers, ['kafka']);
      const { initial_offset, message_marking, error_backoff } = receivers.kafka as TopicReader;
      assert.equal(initial_offset, 'earliest');
      assert.deepEqual(message_marking, { after: true, on_error: false, on_permanent_error: false });
      assert.ok(error_backoff.enabled && error_backoff.max_elapsed_time === '0s');
    }
  }
});

test('the topic has a trace’s spans in order, on all replicas, and both ends name the same one', () => {
  const { receivers, exporters } = collectorConfig('gateway-kafka', 'metadata');
  interface Topic {
    readonly brokers: readonly string[];
    readonly traces: { readonly topic?: string; readonly topics?: readonly string[] };
    readonly partition_traces_by_id?: boolean;
    readonly producer?: { readonly required_acks: number };
  }
  const [reads, writes] = [receivers?.kafka as Topic, exporters?.kafka as Topic];
  assert.equal(writes.partition_traces_by_id, true);
  assert.equal(writes.producer?.required_acks, -1);
  assert.deepEqual(reads.brokers, writes.brokers);
  assert.deepEqual(reads.traces.topics, [writes.traces.topic]);
});

test('the builder’s manifest has the components that are used, at one version, and no others', () => {
  type Modules = readonly { readonly gomod: string }[];
  const manifest = readYaml<Readonly<Record<`${(typeof KINDS)[number]}s`, Modules>>>(
    'collector-config/builder.yaml',
  );
  for (const kind of KINDS) {
    const wanted = FILES.flatMap((file) =>
      CONTENT_MODES.flatMap((mode) => used(collectorConfig(file, mode))[kind]),
    );
    const modules = manifest[`${kind}s`].map(({ gomod }) => gomod.split(' '));
    assert.deepEqual(
      sorted(modules.map(([path = '']) => path.split('/').at(-1) ?? '')),
      sorted(wanted.map((id) => moduleOf(id, kind))),
    );
    assert.deepEqual(sorted(modules.map(([, version = '']) => version)), ['v0.159.0']);
  }
});

test('metadata mode takes away every attribute that is content, and none that is not', () => {
  const definitions = Object.values<Definition>(ATTRIBUTES);
  const content = definitions.filter(({ privacy }) => privacy === 'content').map(({ name }) => name);
  assert.ok(content.length > 0);
  assert.deepEqual(definitions.map(({ name }) => name).filter(isDeleted), content);
  const { deleted } = { deleted: [/^voice[.](user|agent)[.]text$/] };
  for (const name of content) {
    const onEvents = RULES.keptOnEvents.some((pattern) => pattern.test(name));
    assert.ok(!onEvents || deleted.some((pattern) => pattern.test(name)), `${name} on an event`);
  }
});

test('identifiers and names of models keep their digits', () => {
  const identifiers = Object.values<Definition>(ATTRIBUTES).filter(({ privacy }) => privacy === 'identifier');
  for (const { name } of identifiers) assert.ok(isIgnored(name), name);
  for (const name of [ATTR.requestModel, ATTR.responseModel]) assert.ok(isIgnored(name), name);
});

const RECORDINGS = readdirSync(join(packageRoot, 'test/fixtures/dialects'))
  .filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'))
  .map((file) => file.slice(0, -'.json'.length));

test('no recorded transcript, prompt or answer of any framework is left in metadata mode', () => {
  // Prose has blanks; names of models and tools have none, and those of Pipecat's settings do.
  const allowed = new Set(['operation.name', 'ai.operationId', 'resource.name', 'latency.owner']);
  let removed = 0;
  for (const name of RECORDINGS) {
    for (const { attributes } of recordedSpans(name)) {
      for (const [key, value] of Object.entries(attributes)) {
        if (isDeleted(key)) removed += 1;
        else if (!allowed.has(key)) assert.doesNotMatch(String(value), /\w \w+ \w/, `${name}: ${key}`);
      }
    }
  }
  assert.ok(removed > 50, `${removed}`);
});

test('rows lose nothing but words: the dialects read the same facts from what metadata mode leaves', () => {
  const pass = (span: SpanRecord): SpanRecord => ({
    ...span,
    attributes: Object.fromEntries(
      Object.entries(span.attributes)
        .filter(([key]) => !isDeleted(key))
        .map(([key, value]) => [key, typeof value === 'string' && !isIgnored(key) ? mask(value) : value]),
    ),
    events: span.events.map((event) => ({
      ...event,
      attributes: Object.fromEntries(
        Object.entries(event.attributes ?? {}).filter(([key]) =>
          RULES.keptOnEvents.some((kept) => kept.test(key)),
        ),
      ),
    })),
  });
  for (const name of RECORDINGS) {
    for (const span of recordedSpans(name)) {
      const {
        userText: _user,
        agentText: _agent,
        ...expected
      } = { ...readFact(span) } as Record<string, unknown>;
      const {
        userText: _1,
        agentText: _2,
        ...actual
      } = { ...readFact(pass(span)) } as Record<string, unknown>;
      assert.deepEqual(actual, expected, `${name}: ${span.name}`);
    }
  }
});

test('addresses and numbers of people are masked, dates, models and versions are not', () => {
  for (const [text, masked] of [
    ['call +1 (202) 555-0147 now', 'call **** now'],
    ['+442079460958', '****'],
    ['020 7946 0958', '****'],
    ['5555 5555 5555 4444', '****'],
    ['write to jane.roe+x@mail.example.com, please', 'write to ****, please'],
    ['sip:12025550147@trunk.example.com', 'sip:****'],
  ] as const) {
    assert.equal(mask(text), masked);
  }
  for (const text of [
    'gpt-4o-2024-08-06',
    '2026-11-23T17:00:00Z',
    'claude-3-5-sonnet-20241022',
    '1.76.0',
    'a table for 12 at 19:30',
  ])
    assert.equal(mask(text), text);
});

test('span_metrics has the names of the conventions, and a limit of a bucket at every target of the dashboards', () => {
  interface SpanMetrics {
    readonly histogram: { readonly unit: string; readonly explicit: { readonly buckets: readonly string[] } };
    readonly dimensions: readonly { readonly name: string }[];
    readonly calls_dimensions: readonly { readonly name: string }[];
    readonly exclude_dimensions?: readonly string[];
    readonly exemplars: { readonly enabled: boolean };
  }
  const [one, many, kafka] = FILES.map(
    (file) => collectorConfig(file, 'metadata').connectors?.span_metrics as SpanMetrics,
  );
  assert.ok(one && many);
  assert.deepEqual(kafka, many);
  assert.deepEqual(one.histogram, many.histogram);
  assert.deepEqual(one.dimensions, many.dimensions);
  assert.equal(one.histogram.unit, 's');
  assert.equal(one.exemplars.enabled, true);
  const seconds = one.histogram.explicit.buckets.map((limit) =>
    limit.endsWith('ms') ? Number.parseFloat(limit) / 1_000 : Number.parseFloat(limit),
  );
  for (const target of TARGETS) assert.ok(seconds.includes(Number(target)), `${target} s`);
  assert.deepEqual(
    one.dimensions.map(({ name }) => name),
    [ATTR.stage, ATTR.providerName, ATTR.requestModel],
  );
  assert.deepEqual(
    one.calls_dimensions.map(({ name }) => name),
    [ATTR.errorType],
  );
  // Copies of a gateway would overwrite each other's numbers.
  assert.equal(many.exclude_dimensions, undefined);
});

test('every variable of the configurations is in the README', () => {
  const readme = readText('collector-config/README.md');
  for (const file of [...FILES, 'content']) {
    for (const name of environmentOf(readText(`collector-config/${file}.yaml`))) {
      assert.ok(readme.includes(`\`${name}\``), name);
    }
  }
});

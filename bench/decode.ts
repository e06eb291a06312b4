import { createRequire } from 'node:module';
import { createFileRegistry, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { PbfReader } from 'pbf';
import protobuf from 'protobufjs';
import { decodeJson } from '../exporter/receiver/decode/decode-json.ts';
import { decodeProtobuf } from '../exporter/receiver/decode/decode-protobuf.ts';
import { DEFAULT_LIMITS } from '../exporter/receiver/decode/limits.ts';
import type { SpanRecord } from '../model/span-record.ts';
import { inTurn } from './measure.ts';
import { OTLP_PROTO } from './otlp-proto.ts';
import { recordCalls } from './recorded-calls.ts';
import type { BenchResult } from './result.ts';

/** What OpenTelemetry's batch processor sends at once by default. */
const BATCH = 512;
const ROUNDS = 15;
const REPEATS = 20;

/**
 * What a received span costs until it is a record that dialects read: our decoder, which goes straight from the bytes to
 * records, against generated decoders of maintained libraries, which give trees of messages that are still to be
 * translated. The same bytes for all: spans of calls made through the public API, as OpenTelemetry's exporter sends them.
 */
export async function benchDecode(): Promise<BenchResult[]> {
  const spans = recordCalls(20, 8).slice(0, BATCH);
  const bytes = Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []);
  const json = Buffer.from(JsonTraceSerializer.serializeRequest(spans) ?? []);
  const perSpan = (decode: () => number) => () => {
    const start = performance.now();
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      if (decode() !== BATCH) throw new Error('A decoder lost spans.');
    }
    return ((performance.now() - start) * 1_000) / (BATCH * REPEATS);
  };
  const protobufJs = protobufJsDecoder();
  const bufbuild = bufbuildDecoder();
  const pbf = await pbfDecoder();
  const times = await inTurn(ROUNDS, {
    ours: perSpan(() => records((sink) => decodeProtobuf(bytes, DEFAULT_LIMITS, sink))),
    json: perSpan(() => records((sink) => decodeJson(json, DEFAULT_LIMITS, sink))),
    protobufJs: perSpan(() => protobufJs(bytes)),
    bufbuild: perSpan(() => bufbuild(bytes)),
    pbf: perSpan(() => pbf(bytes)),
    jsonParse: perSpan(() => countSpans(JSON.parse(json.toString('utf8')))),
  });
  const size = `${Math.round(bytes.length / BATCH)} bytes a span, batches of ${BATCH}`;
  const line = (name: string, ours: number, baseline: number, note: string): BenchResult => ({
    name,
    ours,
    baseline,
    unit: 'µs/span',
    note: `${note}; ${size}`,
  });
  return [
    line(
      'OTLP protobuf to records, protobufjs',
      times.ours,
      times.protobufJs,
      'against a protobufjs generated decoder',
    ),
    line('OTLP protobuf to records, @bufbuild', times.ours, times.bufbuild, 'against @bufbuild/protobuf'),
    line('OTLP protobuf to records, pbf', times.ours, times.pbf, 'against a decoder that pbf has compiled'),
    line('OTLP JSON to records', times.json, times.jsonParse, 'against JSON.parse alone'),
  ];
}

type Decode = Parameters<typeof decodeProtobuf>[2];

function records(decode: (sink: Decode) => void): number {
  const kept: SpanRecord[] = [];
  decode({ span: (span) => void kept.push(span), refused: () => {}, limited: () => {} });
  return kept.length;
}

interface Tree {
  resourceSpans: { scopeSpans: { spans: unknown[] }[] }[];
}

const countSpans = ({ resourceSpans }: Tree) =>
  resourceSpans.reduce(
    (sum, { scopeSpans }) => sum + scopeSpans.reduce((n, { spans }) => n + spans.length, 0),
    0,
  );

function protobufJsDecoder(): (bytes: Buffer) => number {
  const type = protobuf.parse(OTLP_PROTO).root.lookupType('otlp.ExportTraceServiceRequest');
  return (bytes) => countSpans(type.decode(bytes) as unknown as Tree);
}

function bufbuildDecoder(): (bytes: Buffer) => number {
  const require = createRequire(import.meta.url);
  require('protobufjs/ext/descriptor');
  const { root } = protobuf.parse(OTLP_PROTO);
  root.resolveAll();
  const set = (root as unknown as { toDescriptor(syntax: string): DescriptorSet }).toDescriptor('proto3');
  // protobufjs names types as seen from where they are used, @bufbuild wants them in full.
  for (const { messageType } of set.file) {
    for (const { field } of messageType) {
      for (const each of field) if (each.typeName) each.typeName = `.otlp.${each.typeName}`;
    }
  }
  const files = createFileRegistry(fromBinary(FileDescriptorSetSchema, set.$type.encode(set).finish()));
  const schema = files.getMessage('otlp.ExportTraceServiceRequest') as DescMessage;
  return (bytes) => countSpans(fromBinary(schema, bytes) as unknown as Tree);
}

interface DescriptorSet extends protobuf.Message {
  file: { messageType: { field: { typeName?: string }[] }[] }[];
}

const COMPILER: string = 'pbf/compile';

async function pbfDecoder(): Promise<(bytes: Buffer) => number> {
  const require = createRequire(import.meta.url);
  const schema = require('protocol-buffers-schema') as { parse(text: string): unknown };
  // It has no types.
  const { compile } = (await import(COMPILER)) as { compile(schema: unknown): unknown };
  const { readExportTraceServiceRequest: read } = compile(schema.parse(OTLP_PROTO)) as {
    readExportTraceServiceRequest(reader: PbfReader): {
      resource_spans: { scope_spans: { spans: unknown[] }[] }[];
    };
  };
  return (bytes) =>
    read(new PbfReader(bytes)).resource_spans.reduce(
      (sum, { scope_spans }) => sum + scope_spans.reduce((n, { spans }) => n + spans.length, 0),
      0,
    );
}

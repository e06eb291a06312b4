import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type DiagLogger, DiagLogLevel, type TracerProvider } from '@opentelemetry/api';
import { giveWay } from '../../../instrumentation/otel/api-globals.ts';

type Api = typeof import('@opentelemetry/api');

const KEY = Symbol.for('opentelemetry.js.api.1');
const load = createRequire(import.meta.url);

/** A copy of the API of its own, as a bundle or a nested folder has it. */
function copyOfApi(): Api {
  const path = load.resolve('@opentelemetry/api');
  const name = join('@opentelemetry', 'api');
  const folder = path.slice(0, path.lastIndexOf(name) + name.length + 1);
  for (const file of Object.keys(load.cache)) if (file.startsWith(folder)) delete load.cache[file];
  return load(path);
}

const provider = (): TracerProvider => ({ getTracer: () => copyOfApi().trace.getTracer('none') });

describe('a registration with the API that gives way', () => {
  const globals = globalThis as { [KEY]?: Record<string, unknown> };
  let ours: Api;
  let taken: string[];
  let errors: string[];
  let refused: number;

  beforeEach(() => {
    delete globals[KEY];
    [taken, errors, refused] = [[], [], 0];
    ours = copyOfApi();
    const logger = { error: (text: string) => void errors.push(text) } as DiagLogger;
    ours.diag.setLogger(
      { ...logger, warn: logger.error, info() {}, debug() {}, verbose() {} },
      { logLevel: DiagLogLevel.DEBUG },
    );
    ours.trace.setGlobalTracerProvider(provider());
    ours.propagation.setGlobalPropagator({
      fields: () => ['ours'],
      inject() {},
      extract: (within) => within,
    });
    giveWay({
      successions: {
        trace: () => void taken.push('trace'),
        propagation: () => void taken.push('propagation'),
      },
      refused: () => {
        refused += 1;
      },
    });
  });
  afterEach(() => {
    delete globals[KEY];
  });

  const delegate = (api: Api): unknown =>
    (api.trace.getTracerProvider() as InstanceType<Api['ProxyTracerProvider']>).getDelegate();

  for (const [whose, copy] of [
    ['the same copy', () => ours],
    ['another copy', copyOfApi],
  ] as const)
    it(`is replaced through ${whose} of the API, and what is not stays`, () => {
      const [theirs, api] = [provider(), copy()];
      assert.equal(api.trace.setGlobalTracerProvider(theirs), true);
      assert.deepEqual([delegate(ours), delegate(api)], [theirs, theirs]);
      assert.deepEqual(taken, ['trace']);
      assert.deepEqual(ours.propagation.fields(), ['ours']);
      assert.deepEqual([errors, refused], [[], 0]);
    });

  it('is replaced once: a second of the application is its own mistake, and reported by the API', () => {
    const theirs = provider();
    ours.trace.setGlobalTracerProvider(theirs);
    assert.equal(ours.trace.setGlobalTracerProvider(provider()), false);
    assert.equal(delegate(ours), theirs);
    assert.match(
      errors.join(),
      /^Error: @opentelemetry\/api: Attempted duplicate registration of API: trace/,
    );
    assert.deepEqual([taken, refused], [['trace'], 0]);
  });

  it('is replaced after it was disabled', () => {
    ours.trace.disable();
    const theirs = provider();
    assert.equal(ours.trace.setGlobalTracerProvider(theirs), true);
    assert.deepEqual(taken, ['trace']);
    assert.equal(delegate(ours), theirs);
  });

  it('stays, and says so, where the application has another version of the API', () => {
    const api = copyOfApi();
    const kept = delegate(ours);
    const store = globals[KEY];
    assert.ok(store);
    const { version } = store;
    store.version = '1.8.0';
    assert.equal(api.trace.setGlobalTracerProvider(provider()), false);
    assert.equal(refused, 1);
    store.version = version;
    assert.equal(delegate(ours), kept);
    assert.deepEqual(taken, []);
  });

  it('leaves the store as it was when everything is replaced, or when another store takes its place', () => {
    ours.diag.disable();
    assert.equal(refused, 0);
    ours.trace.setGlobalTracerProvider(provider());
    ours.propagation.setGlobalPropagator({
      fields: () => ['theirs'],
      inject() {},
      extract: (within) => within,
    });
    assert.deepEqual(ours.propagation.fields(), ['theirs']);
    assert.equal(Object.getOwnPropertyDescriptor(globals, KEY)?.get, undefined);
    const another = { version: '1.9.0' };
    globals[KEY] = another;
    assert.equal(globals[KEY], another);
  });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SDKS } from '../../../instrumentation/sdks/index.ts';
import { at, pick, wrapGetter, wrapOnce } from '../../../instrumentation/sdks/kit/patch.ts';
import { packageRoot } from '../../support/root.ts';

describe('finding what a module exports', () => {
  class Client {}

  it('works for named, default and CommonJS exports', () => {
    for (const exports of [{ Client }, { default: { Client } }, { default: Client }, Client])
      assert.equal(pick(exports, 'Client'), Client);
    for (const exports of [undefined, null, 7, {}, { default: class Other {} }])
      assert.equal(pick(exports, 'Client'), undefined);
  });

  it('follows a path as far as it goes', () => {
    assert.equal(at({ a: { b: [{ c: 1 }] } }, 'a', 'b', '0', 'c'), 1);
    assert.equal(at({ a: null }, 'a', 'b', 'c'), undefined);
  });
});

/** Something that adds, and a patch of it that adds 100 more. */
function patchedSum() {
  const target = { add: (a: number, b: number) => a + b };
  const patch = () =>
    wrapOnce(
      target,
      'add',
      (add) =>
        (...args) =>
          Number(add(...args)) + 100,
    );
  return { target, patch };
}

describe('replacing a method', () => {
  it('happens once, and keeps its name and length', () => {
    const { target, patch } = patchedSum();
    patch();
    patch();
    assert.equal(target.add(1, 2), 103);
    assert.equal(target.add.name, 'add');
    assert.equal(target.add.length, 2);
  });

  it('happens once, though someone else has wrapped ours since', () => {
    const { target, patch } = patchedSum();
    patch();
    const ours = target.add;
    target.add = Object.assign((a: number, b: number) => ours(a, b) + 1_000, { __original: ours });
    patch();
    assert.equal(target.add(1, 2), 1_103);
  });

  it('leaves a class alone whose parent was patched already', () => {
    class Parent {
      count() {
        return 1;
      }
    }
    class Child extends Parent {}
    for (const { prototype } of [Parent, Child])
      wrapOnce(prototype, 'count', (count) => () => Number(count()) + 1);
    assert.equal(new Child().count(), 2);
  });

  it('shows what a getter gives, each time, from one patch', () => {
    const seen: unknown[] = [];
    class Client {
      get listen() {
        return this;
      }
    }
    for (let i = 0; i < 2; i++) wrapGetter(Client.prototype, 'listen', (value) => seen.push(value));
    const client = new Client();
    assert.equal(client.listen, client);
    assert.deepEqual(seen, [client]);
  });
});

describe('every SDK', () => {
  it('survives a module that is not what it expects', () => {
    fc.assert(
      fc.property(fc.anything(), (exports) => {
        for (const sdk of SDKS) sdk.patch(exports);
      }),
    );
    const frozen = Object.freeze({ create() {} });
    const hostile = {
      Groq: { Chat: { Completions: { prototype: frozen } } },
      OpenAI: { Chat: { Completions: { prototype: frozen } } },
      get DeepgramClient(): unknown {
        throw new Error('no');
      },
      Cartesia: { TTS: { prototype: Object.freeze({ generate() {} }) } },
      WebSocketServer: { prototype: Object.freeze({ handleUpgrade() {} }) },
    };
    for (const sdk of SDKS) sdk.patch(hostile);
  });

  it('is named once in its folder and says which versions it is for', () => {
    const names = SDKS.map(({ folder, packageName }) => `${folder}: ${packageName}`);
    assert.deepEqual([...new Set(names)], names);
    // What is part of Node has none.
    for (const { supportedVersions, modules } of SDKS)
      assert.ok(supportedVersions.length > 0 || modules?.length === 0);
  });

  it('is not imported by the file that patches it', () => {
    const folder = join(packageRoot, 'instrumentation/sdks');
    const imports = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [...readFileSync(join(folder, file), 'utf8').matchAll(/from '([^']+)'/g)].map(([, name]) => name),
      );
    const ours = /^\.|^node:|^@opentelemetry\/(api|core)$/;
    assert.deepEqual(
      imports.filter((name) => !ours.test(name ?? '')),
      [],
    );
  });
});

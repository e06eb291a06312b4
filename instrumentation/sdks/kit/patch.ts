/** On every function of ours, so that no function is wrapped twice, by this copy of earshot or another. */
const PATCHED = Symbol.for('earshot.patched');

/** Any function of an SDK, with the object that it is called on. */
export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A foreign object of which nothing is certain. */
export type Foreign = Readonly<Record<string, unknown>>;

/** `value` as an object with readable properties; undefined when it is none. */
export const foreign = (value: unknown): Foreign | undefined =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? (value as Foreign)
    : undefined;

/** The objects of a list; one that stands alone is a list of itself. */
export const objects = (value: unknown): Foreign[] =>
  (Array.isArray(value) ? value : [value]).flatMap((item: unknown): Foreign[] => {
    const object = foreign(item);
    return object ? [object] : [];
  });

/** `value` when it is a string that says something. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** A model's name without the path that Google's APIs have before it: `models/X` and `publishers/google/models/X` are X. */
export const modelName = (value: unknown): string | undefined =>
  text(
    text(value)?.replace(/^(?:projects\/[^/]+\/locations\/[^/]+\/)?(?:publishers\/google\/)?models\//, ''),
  );

/** `value` when it is a finite number, 0 or more. */
export const quantity = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

/**
 * What a module exports under `name`: as a named export, as a property of its default export, or as the default export
 * itself. ESM namespaces and the CommonJS builds of the same package differ in this.
 */
export function pick(moduleExports: unknown, name: string): Foreign | undefined {
  const exports = foreign(moduleExports);
  const fallback = foreign(exports?.default);
  return (
    foreign(exports?.[name]) ??
    foreign(fallback?.[name]) ??
    (fallback?.name === name ? fallback : undefined) ??
    (exports?.name === name ? exports : undefined)
  );
}

/** Follows a path of properties: `at(OpenAI, 'Chat', 'Completions', 'prototype')`. */
export function at(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const name of path) found = foreign(found)?.[name];
  return found;
}

/** The class of an instance, or the class that was given itself. */
export const classOf = (client: unknown): unknown =>
  typeof client === 'function' ? client : foreign(client)?.constructor;

/** Whether we have wrapped it already, be it inside of what another instrumentation has made of it since. */
function isPatched(method: unknown): boolean {
  for (
    let inner = method;
    typeof inner === 'function';
    inner = (inner as { __original?: unknown }).__original
  )
    if (PATCHED in inner) return true;
  return false;
}

let wraps = 0;

/** How many times something to wrap was found, wrapped already or not: whether it grows says if a patch has found its SDK. */
export const wrapCount = (): number => wraps;

/** Replaces a method by what `wrap` makes of it, once. A target without the method is left alone. */
export function wrapOnce(target: unknown, name: string, wrap: (original: Method) => Method): void {
  const owner = foreign(target) as Record<string, unknown> | undefined;
  const original = owner?.[name];
  if (!owner || typeof original !== 'function') return;
  wraps++;
  if (isPatched(original)) return;
  const wrapped = wrap(original as Method);
  Object.defineProperties(wrapped, {
    [PATCHED]: { value: true },
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
  });
  owner[name] = wrapped;
}

/** Shows each value that a getter of `prototype`, or of what that inherits from, gives to `see`, which must not throw. */
export function wrapGetter(prototype: unknown, name: string, see: (value: unknown) => void): void {
  let owner = foreign(prototype);
  while (owner && !Object.hasOwn(owner, name)) owner = foreign(Object.getPrototypeOf(owner));
  const descriptor = owner && Object.getOwnPropertyDescriptor(owner, name);
  const original = descriptor?.get;
  if (!owner || !original) return;
  wraps++;
  if (PATCHED in original) return;
  function get(this: unknown): unknown {
    const value: unknown = original?.call(this);
    see(value);
    return value;
  }
  Object.defineProperty(get, PATCHED, { value: true });
  Object.defineProperty(owner, name, { ...descriptor, get });
}

/** Where every copy of `@opentelemetry/api` 1.x keeps what is registered. */
const KEY = Symbol.for('opentelemetry.js.api.1');

type Slot = 'trace' | 'context' | 'propagation' | 'metrics';
type Store = Record<string, unknown>;

const globals = globalThis as { [KEY]?: Store | undefined };

/** What is registered with the API, through whichever of its copies; undefined when nothing is. */
export const registered = (slot: Slot | 'diag'): unknown => globals[KEY]?.[slot];

/** Takes what the application has registered in place of ours, and returns what is registered in its place, if not that. */
type Succession = (theirs: unknown) => unknown;

/** What of ours gives way, to what, and who hears that a registration of the application has failed all the same. */
export interface GivingWay {
  readonly successions: Partial<Record<Slot, Succession>>;
  refused(): void;
}

/**
 * Lets the application register what we have registered. The API allows one registration and reports a second as an error,
 * which is right for two SDKs of one application; ours was there only because it could not know that another would come.
 *
 * It is seen in the store itself, because an application may have several copies of the API: one for `import` and one for
 * `require` since 1.10, one in its bundle. All of them begin a registration by assigning the store to itself, which nothing
 * else does, and end it by writing the slot. In between ours is out of the way.
 */
export function giveWay({ successions, refused }: GivingWay): void {
  const store = globals[KEY];
  if (store === undefined) return;
  const waiting = new Map(Object.entries(successions));
  let hidden: Store | undefined;
  let others: Store = {};

  const hide = (): void => {
    hidden = {};
    for (const slot of waiting.keys()) {
      if (store[slot] === undefined) continue;
      hidden[slot] = store[slot];
      delete store[slot];
    }
    others = { ...store };
  };

  const settle = (ours: Store): void => {
    // First, because what follows uses the API as well.
    hidden = undefined;
    let taken = false;
    for (const [slot, succeed] of [...waiting]) {
      if (store[slot] !== undefined) {
        taken = true;
        waiting.delete(slot);
        store[slot] = succeed(store[slot]) ?? store[slot];
      } else if (ours[slot] !== undefined) store[slot] = ours[slot];
    }
    const wrote =
      taken || Object.keys(store).some((slot) => ours[slot] === undefined && store[slot] !== others[slot]);
    if (waiting.size === 0) define({ value: store, writable: true });
    if (!wrote && ours.trace !== undefined) refused();
  };

  const define = (how: PropertyDescriptor): void => {
    Object.defineProperty(globals, KEY, { ...how, enumerable: true, configurable: true });
  };
  define({
    get: () => {
      if (hidden !== undefined) settle(hidden);
      return store;
    },
    set: (value: unknown) => {
      if (value === store) hide();
      // Another store: what was registered is gone, ours and theirs.
      else define({ value, writable: true });
    },
  });
}

// Loaded into a process with --import: its clock steps, to and fro, by seconds, an hour or more than a month. (What runs is
// `performance.now`, which no one sets.)
const STEPS_MS = [0, 3_600_000, -5_000, 3_456_000_000, -3_600_000, 60_000, -3_456_000_000];
const EVERY_MS = 150;

const TrueDate = Date;
const now = (): number =>
  TrueDate.now() + (STEPS_MS[Math.floor(performance.now() / EVERY_MS) % STEPS_MS.length] ?? 0);

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new TrueDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});

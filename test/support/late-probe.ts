// Loaded into a program with --import: ends it with code 99 when it still runs LATE_MS after it had nothing left to do, as
// its own timers count them. On a machine that stands still both wait.
const PIECE_MS = 50;

process.once('beforeExit', () => {
  let pieces = Number(process.env.LATE_MS) / PIECE_MS;
  setInterval(() => {
    pieces -= 1;
    if (pieces <= 0) process.exit(99);
  }, PIECE_MS).unref();
});

// All attacks at once, in a process of their own: told whom to attack, and then to stop. Tells how they were answered.
import { ATTACKS, type Target } from './attacks.ts';

const stop = new AbortController();
const answers: Record<string, Record<string, number>> = {};

process.once('message', async (target: Target) => {
  const attacks = Object.entries(ATTACKS).map(async ([name, attack]) => {
    const counts: Record<string, number> = {};
    answers[name] = counts;
    await attack(target, stop.signal, (answer) => {
      counts[answer] = (counts[answer] ?? 0) + 1;
    }).catch((error: unknown) => {
      counts[`ended by ${(error as Error).name}`] = 1;
    });
  });
  process.once('message', () => stop.abort());
  await Promise.all(attacks);
  process.send?.(answers, () => process.exit());
});

import { isDeepStrictEqual } from 'node:util';
import { createRandom } from '../../demo/simulators/random.ts';
import type { Database } from '../../exporter/store/database.ts';
import { fleetCalls } from '../../test/support/fleet/calls.ts';
import { deliveriesOf } from '../../test/support/fleet/delivery.ts';
import { send } from '../../test/support/fleet/sender.ts';
import { storedOf, writeUndisturbed } from '../../test/support/fleet/undisturbed.ts';
import { poll } from '../../test/support/poll.ts';
import type { Target } from './attacks.ts';

const CALLS = 20;
const SPREAD_MS = 4_000;
const CONNECTIONS = 8;
/** How long calls may take to have their rows after the assault: it leaves a queue behind. */
const ROWS_WITHIN_MS = 300_000;

/** Calls of others, sent as collectors send: again until they are acknowledged. Each delivery comes one to three times. */
export class Innocents {
  readonly #target: Target;
  readonly #seeds: number[] = [];
  putOff = 0;
  unanswered = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Round after round, until the signal; a round that has begun is sent whole. */
  async send(stop: AbortSignal): Promise<void> {
    const headers = { authorization: `Bearer ${this.#target.token}` };
    for (let seed = 1; !stop.aborted; seed += 1) {
      this.#seeds.push(seed);
      const spans = fleetCalls(seed, CALLS).flatMap(({ punctual, late }) => [...punctual, ...late]);
      const deliveries = deliveriesOf(spans, createRandom(seed, 'assault')).map((delivery) => ({
        ...delivery,
        headers: { ...delivery.headers, ...headers },
      }));
      const sent = await send(this.#target.url, deliveries, {
        connections: CONNECTIONS,
        spreadMs: SPREAD_MS,
      });
      this.putOff += sent.putOff;
      this.unanswered += sent.unanswered;
    }
  }

  /** How many calls there were, and how many of them are stored as one process stores them that nothing happens to. */
  async complete(db: Database, reference: Database): Promise<{ calls: number; right: number }> {
    let [calls, right] = [0, 0];
    for (const seed of this.#seeds) {
      const made = fleetCalls(seed, CALLS).filter(({ facts }) => facts.length > 0);
      const callIds = made.map(({ callId }) => callId);
      await writeUndisturbed(reference, made);
      const expected = await storedOf(reference, callIds);
      calls += made.length;
      await poll(async () => isDeepStrictEqual(await storedOf(db, callIds), expected), {
        deadlineMs: ROWS_WITHIN_MS,
        intervalMs: 500,
        what: `the rows of round ${seed} are right`,
      })
        .then(() => {
          right += made.length;
        })
        .catch((error: Error) => process.stderr.write(`${error.message}\n`));
    }
    return { calls, right };
  }
}

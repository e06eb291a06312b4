import { finalizeCall } from '../../../exporter/finalize.ts';
import { type PriceList, withOverrides } from '../../../exporter/pricing/index.ts';
import type { Database } from '../../../exporter/store/index.ts';
import { Journal, Queue } from '../../../exporter/store/index.ts';
import type { CallFact, Fact, TurnFact } from '../../../model/facts.ts';
import { GOLDEN_CALLS, PRICES } from '../../unit/calls/golden.ts';

/** When the first of the calls begins; the last one ends within the day. */
export const CALLS_FROM = new Date('2026-09-20T00:00:00Z');
export const CALLS_TO = new Date('2026-09-21T00:00:00Z');

const COPIES = 4;
const OUTCOMES = ['SUCCESS', 'FAIL', 'NO_ANSWER', 'BUSY'] as const;
const SPACING_US = 40 * 60 * 1_000_000;

/** Every golden call several times over the day, as a busy agent would have them: slower, with other models and ends. */
export const DAY_OF_CALLS: readonly (readonly Fact[])[] = Array.from({ length: COPIES }, (_, copy) =>
  GOLDEN_CALLS.map(({ name, facts }, index) =>
    variation(name, facts, copy, copy * GOLDEN_CALLS.length + index),
  ),
).flat();

function variation(name: string, facts: readonly Fact[], copy: number, index: number): Fact[] {
  const callId = `${name}-${copy}`;
  const originUs = Math.min(...facts.map(({ startUs }) => startUs));
  const startUs = CALLS_FROM.getTime() * 1_000 + index * SPACING_US;
  const moved = (us: number) => Math.round(startUs + (us - originUs) * (1 + copy / 2));
  return facts.map((fact) => {
    const json = JSON.stringify(fact, (key, value) =>
      typeof value === 'number' && key.endsWith('Us') ? moved(value) : value,
    );
    const placed: Fact = {
      ...(JSON.parse(json) as Fact),
      callId,
      traceId: index.toString(16).padStart(8, '0') + fact.traceId.slice(8),
    };
    if (placed.type === 'call') return { ...placed, ...callOf(placed, copy, index) };
    if (placed.type === 'turn') return { ...placed, ...turnOf(placed, copy) };
    if (placed.type === 'stage' && placed.stage === 'llm' && copy === 2) {
      return { ...placed, provider: 'openai', model: 'gpt-unknown' };
    }
    return placed;
  });
}

function callOf(fact: CallFact, copy: number, index: number): Partial<CallFact> {
  return {
    ...(copy !== 3 && {
      agentName: copy === 0 ? 'front-desk' : "chef's table",
      campaignId: `spring-${copy}`,
    }),
    ...(fact.transport === undefined && copy === 1 && { transport: 'livekit' }),
    ...(index % 3 !== 0 && {
      outcome: fact.outcome ?? OUTCOMES[copy] ?? 'SUCCESS',
      outcomeConfidence: 0.9,
      outcomeSource: 'keywords',
    }),
  };
}

function turnOf(fact: TurnFact, copy: number): Partial<TurnFact> {
  return {
    sentimentScore: [-0.6, 0, 0.4, 0.8][(copy + fact.turnIndex) % 4] ?? 0,
    ...(copy === 0 && { userText: `It's turn ${fact.turnIndex}`, agentText: 'I see.' }),
    ...(copy === 1 && fact.turnIndex === 1 && { errorType: 'APIConnectionError' }),
    ...(copy === 3 &&
      fact.turnIndex === 0 && {
        interruptions: [{ kind: 'backchannel', atUs: fact.startUs + 400_000, timeToSilenceSeconds: 0.1 }],
      }),
  };
}

/** The golden calls' prices, and one for the minutes of LiveKit. */
const DAY_PRICES: PriceList = withOverrides(PRICES, [
  {
    provider: 'livekit',
    entries: [
      {
        component: 'livekit',
        models: ['connection'],
        rounding: 'none',
        history: [
          {
            valid_from: '2026-01-01',
            prices: { per_minute: '0.004' },
            source: 'test',
            checked_on: '2026-01-01',
            confidence: 'A',
          },
        ],
      },
    ],
  },
]);

/**
 * Puts the calls through the journal, the queue and the finalizing of calls, as `earshot serve` does. Afterwards one call
 * still goes on, one has failed once, one has been given up, and all others have rows.
 */
export async function storeCalls(db: Database): Promise<void> {
  const journal = new Journal(db);
  for (const facts of DAY_OF_CALLS) await journal.append(facts);
  const worker = (workerId: string) =>
    new Queue(db, { workerId, finalize: (facts) => finalizeCall(facts, DAY_PRICES) });
  const ids = DAY_OF_CALLS.map(([fact]) => fact?.callId ?? '');
  const half = Math.ceil(ids.length / 2);
  await worker('worker-1').take({ callIds: ids.slice(0, half), limit: half });
  await worker('worker-2').take({ callIds: ids.slice(half), limit: half });
  const [first = []] = DAY_OF_CALLS;
  const waiting = (callId: string) =>
    first
      .filter(({ type }) => type !== 'call')
      .map((fact, index) => ({ ...fact, callId, traceId: `${callId}-${index}` }));
  const refuse = (maxAttempts: number) =>
    new Queue(db, {
      workerId: 'worker-3',
      maxAttempts,
      finalize: () => {
        throw new RangeError('not this one');
      },
    });
  for (const callId of ['goes-on', 'fails', 'given-up']) await journal.append(waiting(callId));
  await refuse(10).take({ callIds: ['fails'] });
  await refuse(1).take({ callIds: ['given-up'] });
}

import { finalizeCall } from '../../exporter/finalize.ts';
import { catalogue } from '../../exporter/pricing/index.ts';
import { type Database, Journal, writeCallRows } from '../../exporter/store/index.ts';
import type { Fact, StageFact, TurnFact } from '../../model/facts.ts';

/** Made-up calls with all that the page can show: slow models, tools, barge-ins, errors, voicemails, no price, no words. */
export interface WorldOptions {
  calls: number;
  /** When the last of them began, in microseconds. */
  untilUs: number;
  /** Over how many hours they are spread. (Default: 48.) */
  hours?: number;
  seed?: number;
  /** Turns of each call. (Default: 2 to 10.) */
  turns?: number;
  /** Said by the first caller, and used as names. (Default: plain words.) */
  planted?: string;
}

/** Numbers from 0 to 1, the same ones for one seed. */
export function chance(seed: number): () => number {
  let state = seed % 2_147_483_647 || 7;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const AGENTS = [
  {
    agentName: 'reception',
    campaignId: undefined,
    direction: 'inbound',
    llm: ['groq', 'llama-3.1-8b-instant'],
    speed: 1,
  },
  {
    agentName: 'booking',
    campaignId: 'summer',
    direction: 'inbound',
    llm: ['openai', 'gpt-4.1-mini'],
    speed: 1.9,
  },
  {
    agentName: 'outbound-fr',
    campaignId: 'renewal',
    direction: 'outbound',
    llm: ['groq', 'llama-3.3-70b-versatile'],
    speed: 1.3,
  },
  {
    agentName: 'survey',
    campaignId: 'renewal',
    direction: 'outbound',
    llm: ['acme', 'acme-large-2'],
    speed: 1.5,
  },
] as const;
const SAID = [
  ['I would like to book a table for four, please.', 'Of course. For which day would you like the table?'],
  ['Could you tell me about your menu?', 'Today we have fresh pasta with clams, and a mushroom risotto.'],
  [
    'Sorry, only the vegetarian dishes please.',
    'We have a mushroom risotto and a grilled aubergine. Both are very good.',
  ],
  ['Tomorrow at eight, if that is possible.', 'Tomorrow at eight is free. Under which name may I book it?'],
  ['Is there parking nearby?', 'Yes, there is a garage across the street, and it is free after seven.'],
  ['Lovely, thanks a lot, goodbye.', 'You are welcome. Goodbye!'],
] as const;

const hex = (random: () => number, digits: number) =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');

/** The facts of one call. */
export function callOf(
  index: number,
  { calls, untilUs, hours = 48, seed = 1, planted, turns: ofEach }: WorldOptions,
): Fact[] {
  const random = chance(seed * 7_919 + index * 104_729 + 13);
  for (let i = 0; i < 3; i++) random();
  const agent = AGENTS[Math.floor(random() * AGENTS.length)] ?? AGENTS[0];
  const callId = `CA${hex(random, 32)}`;
  const startUs = Math.round(
    untilUs - ((calls - 1 - index) / Math.max(1, calls)) * hours * 3_600e6 - random() * 60e6,
  );
  const facts: Fact[] = [];
  const isPlanted = planted !== undefined && index === calls - 1;
  const hasWords = isPlanted || agent.agentName !== 'survey';
  const turns = ofEach ?? 2 + Math.floor(random() * 9);
  let atUs = startUs + 600_000;
  const us = (seconds: number) => Math.round(seconds * 1e6);
  const base = (traceId: string, name: string) => ({
    traceId,
    spanId: hex(random, 16),
    callId,
    name,
    serviceName: 'phone-agent',
  });
  for (let turnIndex = 0; turnIndex < turns; turnIndex++) {
    const traceId = hex(random, 32);
    const turnStart = atUs;
    const stage = (
      kind: StageFact['stage'],
      from: number,
      to: number,
      rest: Partial<StageFact>,
    ): StageFact => ({
      ...base(traceId, kind),
      type: 'stage',
      stage: kind,
      turnIndex,
      startUs: from,
      endUs: to,
      ...rest,
    });
    const opens = turnIndex === 0 && agent.direction === 'outbound';
    const speech = opens ? 0 : us(1 + random() * 2.4);
    const ended = turnStart + speech;
    const slow = random() < 0.13;
    const endpointing = us(0.28 + random() * 0.18);
    const committed = ended + (opens ? 0 : endpointing);
    let asked = committed + 900;
    const words = SAID[turnIndex % SAID.length] ?? SAID[0];
    const tool = random() < 0.16;
    if (tool) {
      const length = us(0.18 + random() * (slow ? 1.7 : 0.5));
      facts.push(
        stage('tool', asked, asked + length, {
          toolName: 'find_table',
          ...(random() < 0.15 && { errorType: 'TimeoutError' }),
        }),
      );
      asked += length + 1_200;
    }
    const llmFirst = asked + us((0.17 + random() * 0.2) * agent.speed * (slow && !tool ? 4.5 : 1));
    const llmEnd = llmFirst + us(0.3 + random() * 0.4);
    const ttsStart = llmFirst + us(0.03 + random() * 0.14);
    const ttsFirst = ttsStart + us(0.11 + random() * (random() < 0.07 ? 0.9 : 0.14));
    const heard = ttsFirst + 400;
    const isCut = random() < 0.12 && turnIndex < turns - 1;
    const spoken = us(isCut ? 1 + random() : 1.6 + random() * 2.6);
    const done = heard + spoken;
    const [provider, model] = agent.llm;
    if (!opens)
      facts.push(
        stage('stt', turnStart, ended + us(0.2), {
          provider: 'deepgram',
          model: 'nova-3',
          streaming: true,
          firstByteUs: turnStart + us(0.3),
          usage: { audioSeconds: (ended - turnStart) / 1e6 },
        }),
      );
    facts.push(
      stage('llm', asked, llmEnd, {
        provider,
        model,
        firstByteUs: llmFirst,
        usage: {
          inputTokens: 300 + turnIndex * 70,
          outputTokens: 20 + Math.floor(random() * 40),
          ...(random() < 0.05 && { estimated: true }),
        },
      }),
      stage('tts', ttsStart, ttsFirst + us(0.4), {
        provider: 'cartesia',
        model: 'sonic-3.5',
        firstByteUs: ttsFirst,
        usage: { characters: words[1].length, audioSeconds: spoken / 1e6 },
      }),
      stage('playback', heard, done, { playbackSource: 'observed', ...(isCut && { cancelled: true }) }),
    );
    const turn: TurnFact = {
      ...base(traceId, 'voice.turn'),
      type: 'turn',
      turnIndex,
      startUs: turnStart,
      endUs: done,
      initiator: opens ? 'agent' : 'user',
      ...(!opens && {
        speechStartedUs: turnStart,
        speechEndedUs: ended,
        committedUs: committed,
        eouSource: random() < 0.85 ? 'stt_word_end' : 'stt_event',
      }),
      ...(isCut && {
        interrupted: true,
        cutOffBy: 'user',
        interruptions: [{ kind: 'barge_in', atUs: done - us(0.35), timeToSilenceSeconds: 0.35 }],
      }),
      ...(hasWords && {
        ...(opens ? {} : { userText: isPlanted ? planted : words[0] }),
        agentText: isPlanted ? planted : words[1],
        sentimentScore: random() * 1.2 - 0.4,
      }),
    };
    facts.push(turn);
    atUs = done + us(isCut ? -0.35 : 0.5 + random() * 0.9);
  }
  const roll = random();
  const outcome =
    agent.direction === 'outbound' && roll < 0.25
      ? 'VOICEMAIL'
      : roll < 0.7
        ? 'SUCCESS'
        : roll < 0.84
          ? 'FAIL'
          : undefined;
  facts.push({
    ...base(hex(random, 32), 'voice.call'),
    type: 'call',
    startUs,
    endUs: atUs,
    direction: agent.direction,
    channel: 'phone',
    transport: 'twilio',
    agentName: isPlanted ? planted : agent.agentName,
    ...(agent.campaignId !== undefined && { campaignId: agent.campaignId }),
    endReason: random() < 0.7 ? 'caller_hangup' : 'agent_hangup',
    ...(outcome !== undefined && { outcome, outcomeConfidence: 1, outcomeSource: 'explicit' }),
  });
  return facts;
}

/** Writes the calls: all their rows, and the spans of the newest. Gives their ids, oldest first. */
export async function fillWorld(db: Database, options: WorldOptions, journalled = 200): Promise<string[]> {
  const prices = catalogue();
  const journal = new Journal(db);
  const ids: string[] = [];
  for (let from = 0; from < options.calls; from += 100) {
    const indexes = Array.from({ length: Math.min(100, options.calls - from) }, (_, i) => from + i);
    const facts = indexes.map((index) => callOf(index, options));
    const kept = facts.filter((_, i) => (indexes[i] ?? 0) >= options.calls - journalled);
    if (kept.length > 0) await journal.append(kept.flat());
    const rows = facts.map((each) => finalizeCall(each, prices));
    ids.push(...rows.map(({ metrics }) => metrics.call_id));
    await db.transaction((tx) => writeCallRows(tx, rows, 'world'));
  }
  await db.query('DELETE FROM :schema.call_queue');
  return ids;
}

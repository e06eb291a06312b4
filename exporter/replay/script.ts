import type { Micros, StageFact, TurnFact, Usage } from '../../model/facts.ts';
import type { Direction } from '../../model/vocabulary.ts';
import type { GroupedCall } from '../calls/grouped.ts';
import { latenciesOf } from '../calls/latencies.ts';
import { type MarkedTurn, markTurn } from '../calls/marks.ts';

/** What happened in a call, as far as it can be played again. Times are milliseconds. */
export interface CallScript {
  readonly direction: Direction;
  /** In order. The first may be one that the agent opened. */
  readonly exchanges: readonly Exchange[];
  /** From the end of the last answer to the end of the call. */
  readonly hangUpMs: number;
}

/** What the user said, and all that the agent did until the user spoke again. */
export interface Exchange {
  /** The turns of the call that it is, the user's first. */
  readonly turns: readonly number[];
  /** Absent: the agent opened the call. */
  readonly speech?: Speech;
  /** From the end of speech to the final transcript; absent where it is not known. */
  readonly transcriptMs?: number;
  /** Requests to a language model, in order. */
  readonly requests: readonly Request[];
  /** Syntheses, in order. */
  readonly syntheses: readonly Synthesis[];
  /** What the agent said, where that was kept. */
  readonly answer?: string;
  /** The caller talked over it: there was more to say than was heard. */
  readonly cutOff: boolean;
}

/** When a user began to speak, for how long, and where the pauses were. */
export interface Speech {
  /** `connect`: of the line. `answer_start`: over the answer before. `speech_end`: there was no answer. */
  readonly after: 'connect' | 'answer_start' | 'answer_end' | 'speech_end';
  readonly afterMs: number;
  /** With its pauses. */
  readonly ms: number;
  readonly pauses: readonly Pause[];
  readonly text?: string;
  /** The length is not known, and is one that people speak for. */
  readonly isGuessed?: true;
}

export interface Pause {
  /** From the beginning of speech. */
  readonly atMs: number;
  readonly ms: number;
}

/** What a request took, and came to. */
interface Work {
  /** To its first byte; absent: it gave none. */
  readonly firstMs?: number;
  /** To its end. */
  readonly ms: number;
  /** Class of the error, as the call has it: `429`, `timeout`. */
  readonly error?: string;
}

/** A request to a language model. */
export interface Request extends Work {
  /** From the first token until there was text to speak. */
  readonly textMs?: number;
  /** The tool that it asked for. */
  readonly tool?: string;
  readonly usage?: Usage;
}

/** A synthesis. */
export interface Synthesis extends Work {
  readonly audioMs?: number;
  readonly characters?: number;
}

/** How long someone speaks of whom that is not known. */
const USUAL_SPEECH_MS = 2_000;

const toMs = (us: Micros): number => us / 1_000;

/** The script of a call, of its spans. Pure. */
export function scriptOf(call: GroupedCall): CallScript {
  const marked = call.turns.map(markTurn);
  const exchanges: Exchange[] = [];
  let group: MarkedTurn[] = [];
  let before: MarkedTurn | undefined;
  const close = () => {
    if (group.length > 0) exchanges.push(exchangeOf(call, group, before));
    before = group[0] ?? before;
    group = [];
  };
  for (const turn of marked) {
    if (isSpokenTo(turn)) close();
    group.push(turn);
  }
  close();
  const lastUs = Math.max(
    call.startUs,
    ...marked.map(({ marks, eouUs, turn }) => marks.playbackEndedUs ?? eouUs ?? turn.startUs),
  );
  return {
    direction: call.fact?.direction ?? 'inbound',
    exchanges,
    hangUpMs: Math.max(0, toMs(call.endUs - lastUs)),
  };
}

/** The user spoke in it. */
const isSpokenTo = ({ turn, eouUs }: MarkedTurn): boolean =>
  turn.initiator !== 'agent' && eouUs !== undefined;

function exchangeOf(
  call: GroupedCall,
  group: readonly MarkedTurn[],
  before: MarkedTurn | undefined,
): Exchange {
  const [first] = group;
  const stages = group.flatMap(({ turn }) => turn.stages);
  const requests = stages.filter(({ stage }) => stage === 'llm');
  const syntheses = stages.filter(({ stage }) => stage === 'tts');
  const transcript = first && latenciesOf(first).latency_stt;
  const answer = group
    .map(({ turn }) => turn.words?.agentText ?? turn.fact?.agentText ?? '')
    .join(' ')
    .trim();
  return {
    turns: group.map(({ turn }) => turn.turnIndex),
    ...(first !== undefined && isSpokenTo(first) && { speech: speechOf(call, first, before) }),
    ...(typeof transcript === 'number' && { transcriptMs: transcript * 1_000 }),
    requests: requests.map((request, index) =>
      requestOf(request, stages, requests[index + 1]?.startUs ?? Number.POSITIVE_INFINITY),
    ),
    syntheses: syntheses.map(synthesisOf),
    ...(answer !== '' && { answer }),
    cutOff: group.some(({ turn }) => turn.interrupted === true || turn.cutOffBy === 'user'),
  };
}

function speechOf(call: GroupedCall, { turn, marks, eouUs }: MarkedTurn, before?: MarkedTurn): Speech {
  const endUs = marks.speechEndedUs ?? eouUs ?? turn.startUs;
  const startUs = marks.speechStartedUs ?? turn.fact?.utterances?.[0]?.startedUs;
  const ms = startUs === undefined ? USUAL_SPEECH_MS : Math.max(20, toMs(endUs - startUs));
  const beganUs = startUs ?? endUs - ms * 1_000;
  const text = turn.words?.userText ?? turn.fact?.userText;
  return {
    ...beginning(call, beganUs, before),
    ms,
    pauses: pausesOf(turn.fact, turn.stages, beganUs, ms),
    ...(text !== undefined && text.trim() !== '' && { text: text.trim() }),
    ...(startUs === undefined && { isGuessed: true }),
  };
}

/** What the user waited for, or did not. */
function beginning(
  call: GroupedCall,
  beganUs: Micros,
  before: MarkedTurn | undefined,
): Pick<Speech, 'after' | 'afterMs'> {
  const from = (after: Speech['after'], us: Micros) => ({ after, afterMs: Math.max(0, toMs(beganUs - us)) });
  if (before === undefined) return from('connect', call.startUs);
  const { playbackStartedUs, playbackEndedUs } = before.marks;
  if (playbackStartedUs === undefined || beganUs < playbackStartedUs)
    return from('speech_end', before.eouUs ?? call.startUs);
  return playbackEndedUs === undefined || beganUs < playbackEndedUs
    ? from('answer_start', playbackStartedUs)
    : from('answer_end', playbackEndedUs);
}

/** Where several utterances were one turn, the pauses are between them; else only their lengths are known, and they are spread. */
function pausesOf(
  fact: TurnFact | undefined,
  stages: readonly StageFact[],
  beganUs: Micros,
  ms: number,
): Pause[] {
  const utterances = fact?.utterances ?? [];
  if (utterances.length > 1)
    return utterances.slice(1).flatMap(({ startedUs }, index) => {
      const endedUs = utterances[index]?.endedUs ?? beganUs;
      return startedUs === undefined || startedUs <= endedUs
        ? []
        : [{ atMs: toMs(endedUs - beganUs), ms: toMs(startedUs - endedUs) }];
    });
  const lengths = (fact?.pauses ?? stages.flatMap(({ pauses = [] }) => pauses)).map(toMs);
  const spoken = ms - lengths.reduce((sum, length) => sum + length, 0);
  if (spoken <= 0) return [];
  let atMs = 0;
  return lengths.map((length) => {
    atMs += spoken / (lengths.length + 1);
    const pause = { atMs, ms: length };
    atMs += length;
    return pause;
  });
}

const workOf = ({ startUs, firstByteUs, endUs, errorType }: StageFact): Work => ({
  ...(firstByteUs !== undefined && { firstMs: Math.max(0, toMs(firstByteUs - startUs)) }),
  ms: Math.max(0, toMs(endUs - startUs)),
  ...(errorType !== undefined && { error: errorType }),
});

function requestOf(request: StageFact, stages: readonly StageFact[], nextUs: Micros): Request {
  const { firstByteUs = request.startUs, usage } = request;
  const tool = stages.find(
    ({ stage, startUs }) => stage === 'tool' && startUs >= firstByteUs && startUs < nextUs,
  );
  const synthesis = stages.find(
    ({ stage, startUs }) => stage === 'tts' && startUs >= firstByteUs && startUs < nextUs,
  );
  return {
    ...workOf(request),
    ...(tool === undefined && synthesis !== undefined && { textMs: toMs(synthesis.startUs - firstByteUs) }),
    ...(tool?.toolName !== undefined && { tool: tool.toolName }),
    ...(usage !== undefined && { usage }),
  };
}

function synthesisOf(synthesis: StageFact): Synthesis {
  const { usage } = synthesis;
  return {
    ...workOf(synthesis),
    // Of one that was cut short, what was made is not what was to be made.
    ...(usage?.audioSeconds !== undefined &&
      synthesis.cancelled !== true && { audioMs: usage.audioSeconds * 1_000 }),
    ...(usage?.characters !== undefined && { characters: usage.characters }),
  };
}

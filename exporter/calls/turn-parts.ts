import type {
  Fact,
  Interruption,
  Micros,
  StageFact,
  TurnDetection,
  TurnFact,
  TurnPartFact,
} from '../../model/facts.ts';
import type { CutOffBy } from '../../model/vocabulary.ts';
import { lastUpTo } from './ascending.ts';
import { type FindAbove, keyOf, type SpanTree } from './span-tree.ts';
import { type UserSide, UserSpeech } from './user-speech.ts';
import { joinedWords } from './words.ts';

/** A turn made of the spans of its sides. */
export interface JoinedTurn {
  /** As the one span would say it that the framework does not write; the number is to be given. */
  fact: Omit<TurnFact, 'turnIndex'>;
  /** Keys of the spans that it is made of. */
  spans: readonly string[];
  /** Stages that it is known to have without a span of the turn above them. */
  stages: readonly StageFact[];
  /** The transcription, which the framework reports on the user's side only. */
  stt?: StageFact;
}

/** What the agent said at once: the spans of one reply, or words of the application's own, of which there is no span. */
interface Reply {
  startUs: Micros;
  endUs: Micros;
  parts: TurnPartFact[];
  playbacks: StageFact[];
  /** Stages that are the reply's by their time. */
  loose: StageFact[];
}

/**
 * Joins user and agent sides to turns, in order of time. A reply belongs to the latest user side that began before it:
 * up to the first one that was heard, and the next of which the framework itself says that it answers. Replies that
 * were never heard were begun too early and thrown away: their cost is the turn's. All others are the agent's own doing.
 *
 * A playback that no side is above is the agent speaking without a span of the reply; syntheses that no side is above are
 * of the next such playback, unless the user began to speak in between, else of the reply that was heard meanwhile.
 *
 * @param facts - in order of time, each span once
 */
export function joinTurns(facts: readonly Fact[], tree: SpanTree): JoinedTurn[] {
  const parts = facts.filter((fact) => fact.type === 'turn_part');
  const sideAbove = tree.finder((_, span) => span?.type === 'turn' || span?.type === 'turn_part');
  const loose = facts.filter((fact) => fact.type === 'stage').filter((stage) => isLoose(stage, sideAbove));
  const replies = repliesOf(facts, parts, loose, tree);
  const speech = new UserSpeech(
    parts.filter(({ part }) => part === 'speech'),
    parts.filter(({ part }) => part === 'user'),
    facts.filter((fact) => fact.type === 'stage').filter(({ stage }) => stage === 'playback'),
  );
  const commits = new Map(
    parts
      .filter(({ part }) => part === 'commit')
      .map(({ traceId, parentSpanId = '', endUs }) => [keyOf({ traceId, spanId: parentSpanId }), endUs]),
  );
  const users = parts
    .filter(({ part }) => part === 'user')
    .map((user) => speech.sideOf(upToCommit(user, commits)))
    .sort((a, b) => a.startUs - b.startUs || a.endUs - b.endUs);

  const answers = new Map(
    users.map((user) => [user, { replies: [] as Reply[], heard: false, reported: false }]),
  );
  const own: Reply[] = [];
  for (const reply of replies) {
    const isWhole = reply.parts.some(({ part }) => part === 'both');
    const user = isWhole ? undefined : lastUpTo(users, reply.startUs, ({ startUs }) => startUs);
    const before = user && answers.get(user);
    const reported = reportedBy(reply) !== undefined;
    // A filler does not take the answer's place.
    if (before !== undefined && (!before.heard || (reported && !before.reported))) {
      before.replies.push(reply);
      before.heard ||= isHeard(reply);
      before.reported ||= reported;
    } else own.push(reply);
  }
  const detections = parts.filter(({ part }) => part === 'detection');
  const known = { speech, detections, turnStarts: users.map(({ startUs }) => startUs) };
  return [
    ...users.map((user) => turnOf(user, answers.get(user)?.replies ?? [], known)),
    ...own.map((reply) => turnOf(undefined, [reply], known)),
  ].sort((a, b) => a.fact.startUs - b.fact.startUs || (keyOf(a.fact) < keyOf(b.fact) ? -1 : 1));
}

/** The user's side, which ends with its commit. */
function upToCommit(user: TurnPartFact, commits: ReadonlyMap<string, Micros>): TurnPartFact {
  const committedUs = commits.get(keyOf(user));
  const isWithin = committedUs !== undefined && committedUs >= user.startUs && committedUs <= user.endUs;
  return isWithin ? { ...user, endUs: committedUs } : user;
}

/** Without a number and without a turn, or a side of one, above it. */
const isLoose = (stage: StageFact, sideAbove: FindAbove): boolean =>
  stage.turnIndex === undefined && sideAbove(stage) === undefined;

const isHeard = (reply: Reply): boolean => reply.playbacks.length > 0 || reportedBy(reply) !== undefined;

const isUnheard = (reply: Reply): boolean =>
  !isHeard(reply) &&
  reply.parts.some(({ part }) => part === 'agent') &&
  reply.parts.every(({ interrupted }) => interrupted === true);

const reportedBy = ({ parts }: Reply): number | undefined =>
  parts.find((part) => part.reportedEouLatencySeconds !== undefined)?.reportedEouLatencySeconds;

function repliesOf(
  facts: readonly Fact[],
  parts: readonly TurnPartFact[],
  loose: readonly StageFact[],
  tree: SpanTree,
): Reply[] {
  const byKey = new Map<string, Reply>();
  const ofSpan = new Map<string, Reply>();
  for (const part of parts.filter(({ part }) => part === 'agent' || part === 'both')) {
    const key = part.replyKey ?? keyOf(part);
    const reply = byKey.get(key) ?? { ...boundsOf(part), parts: [], playbacks: [], loose: [] };
    reply.parts.push(part);
    reply.endUs = Math.max(reply.endUs, part.endUs);
    byKey.set(key, reply);
    ofSpan.set(keyOf(part), reply);
  }
  const replyAbove = tree.finder((key) => ofSpan.has(key));
  for (const fact of facts) {
    if (fact.type !== 'stage' || fact.stage !== 'playback') continue;
    ofSpan.get(replyAbove(fact) ?? '')?.playbacks.push(fact);
  }

  // All in order of start: what is over before one playback, or heard already, is no later one's either.
  const replies = [...byKey.values()];
  const unasked: Reply[] = [];
  let next = 0;
  for (const playback of loose.filter(({ stage }) => stage === 'playback')) {
    while (isOver(replies[next], playback) || replies[next]?.playbacks.length) next += 1;
    const reply = replies[next];
    if (reply === undefined || reply.startUs > playback.startUs) {
      unasked.push({ ...boundsOf(playback), parts: [], playbacks: [playback], loose: [playback] });
      continue;
    }
    reply.playbacks.push(playback);
    reply.loose.push(playback);
  }
  next = 0;
  const users = parts.filter(({ part }) => part === 'user');
  const heard = replies.filter(({ playbacks }) => playbacks.length > 0);
  for (const synthesis of loose.filter(({ stage }) => stage === 'tts')) {
    while (isOver(unasked[next], synthesis)) next += 1;
    const own = unasked[next];
    if (own !== undefined && !hasBetween(users, synthesis, own)) {
      own.loose.push(synthesis);
      own.startUs = Math.min(own.startUs, synthesis.startUs);
      continue;
    }
    const asked = lastUpTo(heard, synthesis.endUs, ({ startUs }) => startUs);
    if (asked !== undefined && !isOver(asked, synthesis)) asked.loose.push(synthesis);
  }
  return [...replies, ...unasked].sort((a, b) => a.startUs - b.startUs || a.endUs - b.endUs);
}

const boundsOf = ({ startUs, endUs }: Reply | TurnPartFact | StageFact) => ({ startUs, endUs });

const isOver = (reply: Reply | undefined, stage: StageFact): boolean =>
  reply !== undefined && reply.endUs < stage.startUs;

/** Whether one of some sides, in order of time, began after one and before the other. */
const hasBetween = (
  sides: readonly TurnPartFact[],
  { startUs: fromUs }: StageFact,
  { startUs }: Reply,
): boolean => (lastUpTo(sides, startUs, (side) => side.startUs)?.startUs ?? fromUs) > fromUs;

function turnOf(
  user: UserSide | undefined,
  replies: readonly Reply[],
  {
    speech,
    detections,
    turnStarts,
  }: { speech: UserSpeech; detections: readonly TurnPartFact[]; turnStarts: readonly Micros[] },
): JoinedTurn {
  const parts = [...(user ? [user] : []), ...replies.flatMap((reply) => reply.parts)];
  const playbacks = replies.flatMap((reply) => reply.playbacks).sort((a, b) => a.startUs - b.startUs);
  const loose = replies.flatMap((reply) => reply.loose);
  const [first] = [...parts, ...loose];
  if (first === undefined) throw new RangeError('saw a turn without spans, expected at least one');

  const cut = cutOf(replies, speech);
  const interruptions = [
    ...replies.flatMap((reply) => speech.harmless(reply.playbacks, turnStarts)),
    ...(cut?.interruption ? [cut.interruption] : []),
  ].sort((a, b) => a.atUs - b.atUs);
  // A figure shows that someone was answered, even where the user's side was lost.
  const answer = replies.find((reply) => reportedBy(reply) !== undefined);
  const reported = answer && reportedBy(answer);
  const eouUs = endOfUtterance(user, reported, answer?.playbacks[0]);
  const detection = user && detectionIn(user, detections);
  const errorType = parts.find((part) => part.errorType !== undefined)?.errorType;
  const latencies = parts.find((part) => part.reportedLatencies !== undefined)?.reportedLatencies;
  const agentText = joinedWords(replies.flatMap((reply) => reply.parts));
  const { traceId, spanId, callId, name } = first;
  const fact: JoinedTurn['fact'] = {
    traceId,
    spanId,
    callId,
    name,
    type: 'turn',
    startUs:
      user?.startUs ??
      [...parts, ...loose].reduce((least, { startUs }) => Math.min(least, startUs), first.startUs),
    endUs: [...parts, ...playbacks, ...loose].reduce((most, { endUs }) => Math.max(most, endUs), first.endUs),
    ...(!parts.some(({ part }) => part === 'both') && {
      initiator: user || reported !== undefined ? 'user' : 'agent',
    }),
    interrupted: cut?.by === 'user',
    ...(cut && { cutOffBy: cut.by }),
    ...(replies.length > 0 && replies.every(isUnheard) && { unheard: true }),
    ...(user && { speechStartedUs: user.startUs, committedUs: user.endUs }),
    ...(eouUs !== undefined && { speechEndedUs: eouUs }),
    ...(detection !== undefined && { detection }),
    ...((eouUs ?? reported) !== undefined && { eouSource: 'framework' as const }),
    ...(reported !== undefined && { reportedEouLatencySeconds: reported }),
    ...(latencies !== undefined && {
      reportedLatencies: {
        ...latencies,
        ...(user?.transcriptionDelaySeconds !== undefined && { latency_stt: user.transcriptionDelaySeconds }),
      },
    }),
    ...(interruptions.length > 0 && { interruptions }),
    ...(errorType !== undefined && { errorType }),
    ...(user?.words !== undefined && { userText: user.words }),
    ...(agentText !== undefined && { agentText }),
  };
  const stt = user && transcription(user, eouUs);
  return { fact, spans: parts.map(keyOf), stages: loose, ...(stt && { stt }) };
}

/** What the turn detector said last before the turn was committed. */
function detectionIn(
  { startUs, endUs }: UserSide,
  detections: readonly TurnPartFact[],
): TurnDetection | undefined {
  const last = lastUpTo(detections, endUs, (each) => each.startUs);
  return last !== undefined && last.startUs >= startUs ? last.detection : undefined;
}

/**
 * The user was silent so long before the agent was heard as the framework says, else so long before the commit; else
 * since the user's voice was last heard.
 */
function endOfUtterance(
  user: UserSide | undefined,
  reported: number | undefined,
  playback: StageFact | undefined,
): Micros | undefined {
  if (reported !== undefined && playback !== undefined) return playback.startUs - Math.round(reported * 1e6);
  const delay = user?.endOfTurnDelaySeconds;
  return user === undefined || delay === undefined
    ? user?.spokenUntilUs
    : user.endUs - Math.round(delay * 1e6);
}

/**
 * Who cut the turn's words off. Only what was heard can be cut off. A framework that does not say who did it does so for
 * the program and for the end of the call, too: then it was the user if the user spoke.
 */
function cutOf(
  replies: readonly Reply[],
  speech: UserSpeech,
): { by: CutOffBy; interruption?: Interruption } | undefined {
  const reply = replies.find(
    (candidate) =>
      candidate.parts.some(({ part, interrupted }) => interrupted === true && part === 'both') ||
      (isHeard(candidate) && candidate.parts.some(({ interrupted }) => interrupted === true)),
  );
  if (reply === undefined) return undefined;
  const part = reply.parts.find(({ interrupted }) => interrupted === true);
  const last = reply.playbacks.at(-1);
  if (part?.interruptedBy === 'program') return { by: 'program' };
  const atUs = last && speech.cutBy(last);
  const byUser =
    part?.interruptedBy === 'user' ||
    part?.part === 'both' ||
    atUs !== undefined ||
    (last !== undefined && speech.talksInto(last));
  if (!byUser) return { by: 'program' };
  if (last === undefined || atUs === undefined) return { by: 'user' };
  const timeToSilenceSeconds = atUs <= last.endUs ? (last.endUs - atUs) / 1e6 : undefined;
  return {
    by: 'user',
    interruption: {
      kind: 'barge_in',
      atUs,
      ...(timeToSilenceSeconds !== undefined && { timeToSilenceSeconds }),
    },
  };
}

function transcription(user: TurnPartFact, eouUs: Micros | undefined): StageFact | undefined {
  const { sttProvider, sttModel, transcriptionDelaySeconds: delay } = user;
  if (sttProvider === undefined && sttModel === undefined) return undefined;
  const { traceId, spanId, callId, name, startUs, requestIds } = user;
  const endUs =
    eouUs === undefined || delay === undefined
      ? undefined
      : Math.max(startUs, eouUs + Math.round(delay * 1e6));
  return {
    type: 'stage',
    stage: 'stt',
    traceId,
    spanId,
    callId,
    name,
    startUs,
    endUs: endUs ?? user.endUs,
    streaming: true,
    ...(endUs === undefined && { endUnknown: true }),
    ...(sttProvider !== undefined && { provider: sttProvider }),
    ...(sttModel !== undefined && { model: sttModel }),
    ...(requestIds !== undefined && { requestIds }),
  };
}

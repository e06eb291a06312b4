import type { Fact, FactBase, Micros, StageFact, TurnFact, Usage } from '../../model/facts.ts';
import { llmSpanName, SPAN } from '../../model/semconv.ts';
import { mergeTags, readTags } from '../../model/tags.ts';
import { addPresent } from '../dialects/attributes.ts';
import { idsOf } from '../records/ids.ts';
import type { Fields } from './fields.ts';
import type { ModelUse, PlatformReport, Utterance } from './report.ts';
import { type PlatformTurn, turnsOf } from './turns.ts';

/** What of a report may be kept. */
export interface ReportOptions {
  /** Keep what was said, and where its recording is. */
  readonly captureContent: boolean;
  /** Parameters of the application's own that become tags, by name. */
  readonly tags: readonly string[];
}

/**
 * A report as the facts that an agent's own spans would have given, so that its rows come from the same computation. The
 * same report gives the same facts: the journal takes each once.
 */
export function reportFacts(report: PlatformReport, options: ReportOptions): Fact[] {
  const { platform, callId, startUs, endUs } = report;
  const base = (what: string, ...path: (string | number)[]): FactBase => ({
    ...idsOf(platform, what, callId, ...path),
    callId,
    name: what,
    startUs,
    endUs: Math.max(startUs, endUs),
    serviceName: platform,
  });
  return [
    callFact(report, base(SPAN.call), options),
    ...judgedFacts(report, base(SPAN.callUpdate)),
    ...report.used.map((used, index) => stageFact(base('use', index), used)),
    ...turnsOf(report.utterances).flatMap((turn, index) =>
      turnFacts(turn, index, base(SPAN.turn, index), report, options),
    ),
  ];
}

function callFact(report: PlatformReport, base: FactBase, options: ReportOptions): Fact {
  const { recordingUrl, ...call } = report.call;
  const parameters = report.parameters;
  return addPresent(
    { ...base },
    {
      type: 'call' as const,
      platform: report.platform,
      ...call,
      recordingUrl: options.captureContent ? recordingUrl : undefined,
      campaignId: call.campaignId ?? parameters?.word('campaign_id') ?? parameters?.word('campaignId'),
      ...named(parameters, options.tags),
    },
  );
}

/** The parameters that the settings name: `customer_id` is the customer's, the others are tags. */
function named(parameters: Fields | undefined, names: readonly string[]) {
  const wanted = parameters?.entries.filter(([name]) => names.includes(name)) ?? [];
  const isCustomer = ([name]: readonly [string, unknown]) => name === 'customer_id' || name === 'customerId';
  const customer = wanted.find(isCustomer)?.[1];
  return {
    customerId: typeof customer === 'string' && customer !== '' ? customer.slice(0, 512) : undefined,
    tags: mergeTags([readTags(wanted.filter((entry) => !isCustomer(entry))).tags]),
  };
}

/** A verdict comes with a later report at times: it has a fact of its own. */
function judgedFacts({ judged }: PlatformReport, base: FactBase): Fact[] {
  const call = addPresent({}, { ...judged });
  return Object.keys(call).length === 0 ? [] : [{ ...base, startUs: base.endUs, type: 'other', call }];
}

function stageFact(base: FactBase, used: ModelUse, turnIndex?: number): StageFact {
  const usage: Usage = addPresent({}, used.usage);
  return addPresent(
    { ...base, name: used.stage === 'llm' ? llmSpanName(used.model) : SPAN[used.stage] },
    {
      type: 'stage' as const,
      stage: used.stage,
      turnIndex,
      provider: used.provider,
      model: used.model,
      usage: Object.keys(usage).length > 0 ? usage : undefined,
      streaming: used.stage === 'stt' ? true : undefined,
      endUnknown: true,
    },
  );
}

function turnFacts(
  turn: PlatformTurn,
  turnIndex: number,
  base: FactBase,
  report: PlatformReport,
  { captureContent }: ReportOptions,
): Fact[] {
  const { user, agent } = turn;
  const all = [...user, ...agent];
  const [first] = all;
  if (first === undefined) return [];
  const bounds = { startUs: first.startUs, endUs: lastOf(all) };
  const of = (what: string, index = 0): FactBase => ({
    ...base,
    ...bounds,
    spanId: idsOf(report.platform, what, report.callId, turnIndex, index).spanId,
    parentSpanId: base.spanId,
  });
  const used = agent.flatMap((utterance) => utterance.used ?? []);
  return [
    turnFact(turn, turnIndex, { ...base, ...bounds }, captureContent),
    ...used.map((each, index) => stageFact(of('answer', index), each, turnIndex)),
    // Which models they were: what each used is known of the whole call only.
    ...distinct(report.used)
      .filter(({ stage }) => !used.some((own) => own.stage === stage) && isPartOf(turn, stage))
      .map((each) => stageFact(of(each.stage), { ...each, usage: {} }, turnIndex)),
    ...agent.map((utterance, index) => playback(of('playback', index), utterance, turnIndex, turn.cutUs)),
  ];
}

/** One model of each kind; where there are several, it is not known which of them it was. */
const distinct = (used: readonly ModelUse[]): ModelUse[] =>
  used.filter(({ stage }) => used.filter((other) => other.stage === stage).length === 1);

const isPartOf = ({ user, agent }: PlatformTurn, stage: ModelUse['stage']): boolean =>
  stage === 'stt'
    ? user.length > 0
    : stage === 'llm'
      ? user.length > 0 && agent.length > 0
      : agent.length > 0;

const lastOf = (utterances: readonly Utterance[]): Micros =>
  Math.max(...utterances.map(({ startUs, endUs = startUs }) => Math.max(startUs, endUs)));

function turnFact(
  { user, agent, cutUs }: PlatformTurn,
  turnIndex: number,
  base: FactBase,
  captureContent: boolean,
): TurnFact {
  const [answer] = agent;
  const reported = user.length > 0 ? answer?.silenceSeconds : undefined;
  const speechEndedUs = reported === undefined ? user.at(-1)?.endUs : undefined;
  const said = (utterances: readonly Utterance[]) =>
    captureContent ? utterances.flatMap(({ words }) => words ?? []).join(' ') || undefined : undefined;
  const last = agent.at(-1);
  const silentUs = last?.endUs;
  return addPresent(
    { ...base },
    {
      type: 'turn' as const,
      turnIndex,
      initiator: user.length > 0 ? ('user' as const) : ('agent' as const),
      // Where no one says when the user fell silent, the turn's start does not either.
      startsBeforeSpeech: true,
      speechStartedUs: user[0]?.startUs,
      speechEndedUs,
      eouSource: (reported ?? speechEndedUs) === undefined ? undefined : ('framework' as const),
      reportedEouLatencySeconds: reported,
      reportedLatencies: addPresent({}, { ...answer?.latencies }),
      interrupted: agent.length > 0 ? cutUs !== undefined : undefined,
      interruptions:
        cutUs === undefined
          ? undefined
          : [
              addPresent(
                { kind: 'barge_in' as const, atUs: cutUs },
                {
                  timeToSilenceSeconds:
                    silentUs !== undefined && silentUs > cutUs ? (silentUs - cutUs) / 1e6 : undefined,
                },
              ),
            ],
      userText: said(user),
      agentText: said(agent),
    },
  );
}

const playback = (
  base: FactBase,
  { startUs, endUs = startUs }: Utterance,
  turnIndex: number,
  cutUs: Micros | undefined,
): StageFact =>
  addPresent(
    { ...base, name: SPAN.playback, startUs, endUs: Math.max(startUs, endUs) },
    {
      type: 'stage' as const,
      stage: 'playback' as const,
      turnIndex,
      playbackSource: 'estimated' as const,
      // How long it was heard, where no one says when the agent fell silent.
      endUnknown: endUs > startUs ? undefined : true,
      cancelled: cutUs !== undefined && endUs > cutUs ? true : undefined,
    },
  );

import type { CallFact, Fact, FactBase, Micros } from '../../model/facts.ts';
import { ATTR } from '../../model/semconv.ts';
import { readTags, type Tags } from '../../model/tags.ts';
import { type Attributes, addPresent, flag, id, number, present, text } from './attributes.ts';
import { instantOf, type ReportOptions, saidIn } from './livekit-history.ts';
import { usageList } from './livekit-usage.ts';
import { jsonField, micros } from './stages.ts';

/** A log record, as far as it is read here. */
export interface ReportRecord {
  readonly timeUs: Micros;
  readonly body: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scopeName: string;
  readonly scopeAttributes: Attributes;
}

/** What comes with the recording of a session. Unknown is absent. */
export interface RecordingHeader {
  readonly jobId: string;
  /** The instant of the first sample. */
  readonly startUs?: Micros;
  readonly durationSeconds?: number;
  readonly redacted?: boolean;
  /** The session's report again, as JSON (Python). */
  readonly summary?: string;
}

/** Makes the ids of what has no span: the same of the same. */
export interface ReportIds {
  /** 32 hex digits. */
  trace(jobId: string): string;
  /** 16 hex digits. */
  span(jobId: string, what: string): string;
}

const SCOPE = { history: 'chat_history', evaluations: 'evaluations' } as const;
const BODY = { report: 'session report', item: 'chat item', outcome: 'outcome' } as const;
const NAME = {
  jobId: 'job_id',
  roomId: 'room_id',
  item: 'chat.item',
  reportTime: 'session.report_timestamp',
  tags: 'session.tags',
  agentName: 'agent_name',
  usage: 'usage',
  redacted: 'lk.redaction.enabled',
} as const;

/** Whether log records of this instrumentation are of a session's report. All others are the application's own lines. */
export const isReportScope = (name: string): boolean => name === SCOPE.history || name === SCOPE.evaluations;

/** Whether, by its attributes, what a record says is to be kept without its words. */
const isRedacted = ({ attributes, scopeAttributes, resource }: ReportRecord): boolean =>
  [attributes, scopeAttributes, resource].some((from) => flag(from, NAME.redacted) === true);

const named =
  (name: string) =>
  ({ attributes, scopeAttributes, resource }: ReportRecord): string | undefined =>
    id(attributes, name) ?? id(scopeAttributes, name) ?? id(resource, name);

const jobOf = named(NAME.jobId);
const roomOf = named(NAME.roomId);

/**
 * The facts of the reports that LiveKit Agents upload as log records when a session is over. Records of no job are left out.
 * Never throws, whatever the attributes are.
 */
export function readReportRecords(
  records: readonly ReportRecord[],
  { captureContent, ids }: { captureContent: boolean; ids: ReportIds },
): Fact[] {
  const items = new Map<string, { jobId: string; captureContent: boolean; list: unknown[] }>();
  const facts: Fact[] = [];
  for (const record of records) {
    const jobId = jobOf(record);
    if (jobId === undefined) continue;
    if (record.body === BODY.item) {
      const keeps = captureContent && !isRedacted(record);
      const key = `${keeps} ${jobId}`;
      const known = items.get(key) ?? { jobId, captureContent: keeps, list: [] };
      known.list.push(record.attributes[NAME.item]);
      items.set(key, known);
    } else facts.push(...(reportOf(record, jobId, ids) ?? []));
  }
  for (const { list, jobId, captureContent: keeps } of items.values())
    facts.push(...saidIn(list, optionsOf(jobId, ids, keeps)));
  return facts;
}

function reportOf(record: ReportRecord, jobId: string, ids: ReportIds): CallFact[] | undefined {
  const { attributes, timeUs, scopeName, body } = record;
  if (!(timeUs > 0)) return undefined;
  const { base } = optionsOf(jobId, ids, false);
  if (scopeName === SCOPE.history && body === BODY.report) {
    // Milliseconds from JavaScript, seconds from Python.
    const stamp = number(attributes, NAME.reportTime, { min: 1 }) ?? 0;
    const endUs = micros(stamp > LATEST_SECONDS ? stamp / 1_000 : stamp);
    return [
      addPresent(callOf(base('report', body, timeUs, Math.max(timeUs, endUs))), {
        serviceName: serviceOf(record.resource),
        agentName: text(attributes, NAME.agentName),
        roomId: roomOf(record),
        used: usageList(attributes[NAME.usage]),
        tags: tagsOf(attributes[NAME.tags]),
      }),
    ];
  }
  if (scopeName !== SCOPE.evaluations || body !== BODY.outcome) return undefined;
  const outcome = text(jsonField(attributes, 'outcome'), 'outcome');
  if (outcome !== 'success' && outcome !== 'fail') return undefined;
  const word = outcome === 'success' ? 'SUCCESS' : 'FAIL';
  return [{ ...callOf(base('outcome', body, timeUs, timeUs)), outcome: word, outcomeSource: 'explicit' }];
}

/** Python's log records name no service: the SDK's own word for that says nothing. */
function serviceOf(resource: Attributes): string | undefined {
  const name = text(resource, ATTR.serviceName);
  return name?.startsWith('unknown_service') === true ? undefined : name;
}

/** The year 2255 in seconds: what is larger has another unit. */
const LATEST_SECONDS = 9_000_000_000;

const callOf = (base: FactBase): CallFact => ({
  ...base,
  type: 'call',
  reported: true,
  transport: 'livekit',
});

/** Tags of a session are words without a value. */
function tagsOf(list: unknown): Tags | undefined {
  if (!Array.isArray(list)) return undefined;
  return readTags(list.filter((tag) => typeof tag === 'string').map((tag) => [tag, true] as const)).tags;
}

/**
 * The facts of a session that come with its recording: its report, where the header has it, and its history.
 * @param history - `chat_history.json`, parsed; undefined where there is none
 */
export function readRecordingParts(
  header: RecordingHeader,
  history: unknown,
  { captureContent, ids }: { captureContent: boolean; ids: ReportIds },
): Fact[] {
  const { jobId } = header;
  const options = optionsOf(jobId, ids, captureContent && header.redacted !== true);
  const items = typeof history === 'object' && history !== null ? (history as Attributes).items : undefined;
  return [...(recordedCall(header, options) ?? []), ...(Array.isArray(items) ? saidIn(items, options) : [])];
}

function recordedCall(
  { startUs, durationSeconds, summary }: RecordingHeader,
  { base }: ReportOptions,
): CallFact[] | undefined {
  const report = summaryIn(summary);
  const endUs = instantOf(report.timestamp);
  const length = durationSeconds === undefined ? 0 : micros(durationSeconds);
  const from = startUs ?? (endUs === undefined ? undefined : endUs - length);
  if (from === undefined) return undefined;
  const call = callOf(base('recording', 'recording', from, Math.max(from, endUs ?? from + length)));
  return [
    addPresent(call, {
      agentName: text(report, NAME.agentName),
      endReason: closeReason(text(report, 'close_reason')),
      used: usageList(report.usage),
      tags: tagsOf(report.tags),
    }),
  ];
}

/** As `lk.close_reason` spells it on a span. */
function closeReason(name: string | undefined): string | undefined {
  const reason = name?.replace(/^CR_/, '').toLowerCase();
  if (reason === 'completed') return 'task_completed';
  return reason === 'unknown' ? undefined : reason;
}

function summaryIn(summary: string | undefined): Attributes {
  try {
    const value: unknown = summary === undefined ? {} : JSON.parse(summary);
    return typeof value === 'object' && value !== null ? (value as Attributes) : {};
  } catch {
    return {};
  }
}

const optionsOf = (jobId: string, ids: ReportIds, captureContent: boolean): ReportOptions => ({
  captureContent,
  base: (what, name, startUs, endUs) =>
    present({
      traceId: ids.trace(jobId),
      spanId: ids.span(jobId, what),
      callId: jobId,
      name,
      startUs,
      endUs,
    }),
});

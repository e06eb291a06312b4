import type { FactBase, Micros, SaidFact } from '../../model/facts.ts';
import { type Attributes, addPresent, cleanText, flag, id, number, text } from './attributes.ts';
import { jsonField, micros } from './stages.ts';

export interface ReportOptions {
  readonly captureContent: boolean;
  /** What every fact of the session has; `what` tells it from the others. */
  base(what: string, name: string, startUs: Micros, endUs: Micros): FactBase;
}

/** An item of a session's history, of which two forms are uploaded: one of protobuf, and the SDKs' own. */
interface Item {
  readonly kind: string;
  readonly fields: Attributes;
}

const KINDS = ['message', 'function_call', 'function_call_output'];
/** Items of one history that are read, the latest ones: it is the last spans of a session that are lost. Some ten hours of talk. */
const MAX_ITEMS = 20_000;
/** Longer delays exist in the wild and are errors of measurement. Seconds. */
const LONGEST = 30;

/**
 * What was said and done in a session, from its history: each message of user and agent, each tool call with its result.
 * Texts are read for their length, and kept only where content is captured.
 * @param items - as `chat.item` or `chat_history.json` has them
 */
export function saidIn(items: readonly unknown[], options: ReportOptions): SaidFact[] {
  const known = items.slice(-MAX_ITEMS).flatMap((item) => itemOf(item) ?? []);
  const outputs = new Map(
    known
      .filter(({ kind }) => kind === 'function_call_output')
      .map(({ fields }) => [id(fields, 'call_id'), fields]),
  );
  return known.flatMap(({ kind, fields }) => {
    if (kind === 'message') return messageOf(fields, options) ?? [];
    if (kind !== 'function_call') return [];
    return toolOf(fields, outputs.get(id(fields, 'call_id')), options) ?? [];
  });
}

function itemOf(item: unknown): Item | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const from = item as Attributes;
  const type = text(from, 'type');
  if (type !== undefined) return KINDS.includes(type) ? { kind: type, fields: from } : undefined;
  const kind = KINDS.find((name) => typeof from[name] === 'object' && from[name] !== null);
  return kind === undefined ? undefined : { kind, fields: jsonField(from, kind) };
}

function messageOf(fields: Attributes, options: ReportOptions): SaidFact | undefined {
  const by = ROLES[text(fields, 'role')?.toLowerCase() ?? ''];
  const itemId = id(fields, 'id');
  const createdUs = instantOf(fields.created_at);
  if (by === undefined || itemId === undefined || createdUs === undefined) return undefined;
  const metrics = jsonField(fields, 'metrics');
  const seconds = (name: string) => number(metrics, name, { min: 0, max: LONGEST }) || undefined;
  const startUs = instantOf(metrics.started_speaking_at);
  const stopUs = instantOf(metrics.stopped_speaking_at);
  const isTimed = startUs !== undefined && stopUs !== undefined && stopUs >= startUs;
  const words = textOf(fields.content);
  const base = options.base(itemId, by, isTimed ? startUs : createdUs, isTimed ? stopUs : createdUs);
  return addPresent(base, {
    type: 'said' as const,
    by,
    isTimed: isTimed || undefined,
    ...(by === 'user'
      ? {
          endOfTurnDelaySeconds: seconds('end_of_turn_delay'),
          transcriptionDelaySeconds: seconds('transcription_delay'),
        }
      : {
          firstTokenSeconds: seconds('llm_node_ttft'),
          firstAudioSeconds: seconds('tts_node_ttfb'),
          reportedEouLatencySeconds: seconds('e2e_latency'),
          interrupted: flag(fields, 'interrupted') || undefined,
          characters: words === '' ? undefined : words.length,
        }),
    words: options.captureContent && words !== '' ? cleanText(words.slice(0, MAX_WORDS)) : undefined,
  });
}

/** Instructions of the developer and of the system are not said. */
const ROLES: Readonly<Record<string, 'user' | 'agent'>> = { user: 'user', assistant: 'agent' };

/** Characters that a turn keeps of each speaker. */
const MAX_WORDS = 8_192;

function toolOf(
  call: Attributes,
  output: Attributes | undefined,
  options: ReportOptions,
): SaidFact | undefined {
  const callId = id(call, 'call_id');
  const startUs = instantOf(call.created_at);
  if (callId === undefined || startUs === undefined) return undefined;
  const endUs = Math.max(startUs, instantOf(output?.created_at) ?? startUs);
  const base = options.base(callId, 'tool', startUs, endUs);
  if (output !== undefined && flag(output, 'is_error') === true) base.errorType = 'tool_error';
  return addPresent(base, { type: 'said' as const, by: 'tool' as const, toolName: text(call, 'name') });
}

/** Seconds since 1970, or RFC 3339, with as many digits as there are. */
export function instantOf(value: unknown): Micros | undefined {
  if (typeof value === 'number') return value > 0 && value < LATEST ? micros(value) : undefined;
  if (typeof value !== 'string') return undefined;
  const [, toSecond, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(value) ?? [];
  const ms = toSecond === undefined ? Number.NaN : Date.parse(`${toSecond}Z`);
  return Number.isNaN(ms) ? undefined : ms * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** The year 2255. Seconds. */
const LATEST = 9_000_000_000;

/** The texts of a content: strings, or objects with a `text`. */
function textOf(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return content
    .map((part) => (typeof part === 'string' ? part : (text(part ?? {}, 'text') ?? '')))
    .filter((part) => part !== '')
    .join('\n');
}

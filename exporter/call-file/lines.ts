import { isoInstant, rowJson } from '../../model/row-json.ts';
import { FORMATS } from '../../recordings/names.ts';
import {
  CALL_FILE_VERSION,
  type CallFile,
  CallFileError,
  LIMITS,
  type SavedSound,
  type UsedPrice,
} from './call-file.ts';
import { isObject, readFact } from './facts.ts';
import { priceJson, readPrice } from './prices.ts';
import { instantOf, readMetrics, readScore, readTurn } from './rows.ts';

/**
 * A call file is lines of JSON, each an object with one key that says what it is: `earshot` (the header), `call`, `turn`,
 * `score`, `price`, `span`, `sound` (a part of a recording, in base64) and `end`, in this order.
 */

/** The lines of a file up to its sound. */
export function* linesOf(file: CallFile): Generator<string> {
  const { metrics, turns, scores, prices, facts } = file;
  yield JSON.stringify({ earshot: headerOf(file) });
  yield JSON.stringify({ call: rowJson(metrics) });
  for (const turn of turns) yield JSON.stringify({ turn: rowJson(turn) });
  for (const score of scores) yield JSON.stringify({ score: rowJson(score) });
  for (const price of prices) yield JSON.stringify({ price: priceJson(price) });
  for (const fact of facts) yield JSON.stringify({ span: fact });
}

/** A part of a recording. */
export const soundLine = (bytes: Buffer): string => JSON.stringify({ sound: bytes.toString('base64') });

/** The last line: the SHA-256 of all before it, their ends included. */
export const endLine = (sha256: string): string => JSON.stringify({ end: sha256 });

interface Header {
  readonly writtenBy: string;
  readonly savedAtUs: number;
  readonly content: boolean;
  readonly priceList: string;
  readonly sounds: readonly SavedSound[];
  readonly turns: number;
  readonly scores: number;
  readonly prices: number;
  readonly spans: number;
}

const headerOf = ({ writtenBy, savedAtUs, content, priceList, sounds, ...parts }: CallFile): object => ({
  version: CALL_FILE_VERSION,
  written_by: writtenBy,
  saved_at: isoInstant(savedAtUs),
  content,
  price_list: priceList,
  turns: parts.turns.length,
  scores: parts.scores.length,
  prices: parts.prices.length,
  spans: parts.facts.length,
  sounds: sounds.map(({ startUs, format, bytes }) => ({ start_us: startUs, format, bytes })),
});

function readHeader(value: unknown): Header {
  if (!isObject(value) || !Number.isSafeInteger(value.version))
    throw new CallFileError('it does not begin with the header of a call file');
  if (value.version !== CALL_FILE_VERSION)
    throw new CallFileError(
      `it has version ${value.version} of the format, and this earshot reads version ${CALL_FILE_VERSION}: use the earshot that wrote it, or a later one`,
    );
  const { written_by: writtenBy, price_list: priceList, content, saved_at: savedAt, sounds } = value;
  const savedAtUs = instantOf(savedAt);
  if (!isName(writtenBy) || !isName(priceList) || typeof content !== 'boolean' || savedAtUs === undefined)
    throw new CallFileError('its header cannot be read');
  if (!Array.isArray(sounds) || sounds.length > LIMITS.sounds)
    throw new CallFileError(`it says that it has more than ${LIMITS.sounds} recordings`);
  const read = sounds.map(readSound);
  if (read.reduce((sum, { bytes }) => sum + bytes, 0) > LIMITS.sound)
    throw new CallFileError(`it says that it has more than ${LIMITS.sound} bytes of sound`);
  return {
    writtenBy,
    savedAtUs,
    content,
    priceList,
    sounds: read,
    turns: countOf(value, 'turns', LIMITS.entries),
    scores: countOf(value, 'scores', LIMITS.scores),
    prices: countOf(value, 'prices', LIMITS.prices),
    spans: countOf(value, 'spans', LIMITS.entries),
  };
}

const isName = (value: unknown): value is string => typeof value === 'string' && value.length <= 1_024;

function countOf(header: Readonly<Record<string, unknown>>, name: string, most: number): number {
  const count = header[name];
  if (Number.isSafeInteger(count) && Number(count) >= 0 && Number(count) <= most) return Number(count);
  throw new CallFileError(`its header says no number of ${name} from 0 to ${most}`);
}

function readSound(value: unknown): SavedSound {
  const { start_us: startUs, format: given, bytes } = isObject(value) ? value : {};
  const format = FORMATS.find((name) => name === given);
  const isCount = (number: unknown): number is number => Number.isSafeInteger(number) && Number(number) >= 0;
  if (format === undefined || !isCount(startUs) || !isCount(bytes))
    throw new CallFileError('its header has a recording that cannot be read');
  return { startUs, format, bytes };
}

/** A part of a recording as a line gives it. */
export interface SoundPart {
  /** Which recording of the file it is of. */
  readonly index: number;
  readonly bytes: Buffer;
}

/** The order of lines. */
const ORDER = ['earshot', 'call', 'turn', 'score', 'price', 'span', 'sound', 'end'] as const;
type Kind = (typeof ORDER)[number];

/** Reads the lines of one file. Holds no more than `LIMITS` allow. Does no I/O. */
export class CallFileReader {
  readonly #turns: CallFile['turns'][number][] = [];
  readonly #scores: CallFile['scores'][number][] = [];
  readonly #prices: UsedPrice[] = [];
  readonly #facts: CallFile['facts'][number][] = [];
  #header: Header | undefined;
  #metrics: CallFile['metrics'] | undefined;
  #at: Kind = 'earshot';
  #textBytes = 0;
  /** Bytes of sound that came, of all recordings. */
  #soundBytes = 0;
  #end: string | undefined;

  /**
   * Takes the next line. A part of a recording is given back and not held.
   * @throws CallFileError for what no call file has there.
   */
  line(text: string): SoundPart | undefined {
    if (text.length > LIMITS.line) throw new CallFileError(`a line is longer than ${LIMITS.line} bytes`);
    const [kind, value] = this.#parsed(text);
    if (kind === 'sound') return this.#sound(value);
    this.#textBytes += text.length;
    if (this.#textBytes > LIMITS.text)
      throw new CallFileError(`it has more than ${LIMITS.text} bytes beside sound`);
    if (kind === 'earshot') this.#header = readHeader(value);
    else if (kind === 'call') this.#metrics = readMetrics(value);
    else if (kind === 'turn') this.#add(this.#turns, readTurn(value), 'turns');
    else if (kind === 'score') this.#add(this.#scores, readScore(value), 'scores');
    else if (kind === 'price') this.#add(this.#prices, readPrice(value), 'prices');
    else if (kind === 'span') this.#add(this.#facts, readFact(value), 'spans');
    else this.#end = typeof value === 'string' ? value : '';
    return undefined;
  }

  /**
   * The call, when all lines were taken.
   * @param sha256 - of the lines before the last. (Default: it is not compared.)
   * @throws CallFileError when something is missing or belongs to another call.
   */
  finish(sha256?: string): CallFile {
    const header = this.#header;
    const metrics = this.#metrics;
    if (header === undefined || metrics === undefined || this.#end === undefined)
      throw new CallFileError('it is cut off: its last line is missing');
    if (sha256 !== undefined && this.#end !== sha256)
      throw new CallFileError('it was changed or damaged: its checksum is another one');
    const { sounds, turns, scores, prices, spans, ...rest } = header;
    const counts = [
      ['turns', turns, this.#turns.length],
      ['scores', scores, this.#scores.length],
      ['prices', prices, this.#prices.length],
      ['spans', spans, this.#facts.length],
      ['bytes of sound', sounds.reduce((sum, { bytes }) => sum + bytes, 0), this.#soundBytes],
    ] as const;
    for (const [name, said, came] of counts)
      if (said !== came) throw new CallFileError(`its header says ${said} ${name}, and it has ${came}`);
    this.#turns.forEach(({ tenant, call_id, turn_index }, index) => {
      if (tenant !== metrics.tenant || call_id !== metrics.call_id)
        throw new CallFileError('it has a turn of another call');
      if (turn_index <= (this.#turns[index - 1]?.turn_index ?? -1))
        throw new CallFileError('its turns are not in order');
    });
    for (const { tenant, call_id } of this.#scores)
      if (tenant !== metrics.tenant || call_id !== metrics.call_id)
        throw new CallFileError('it has a score of another call');
    return {
      ...{ ...rest, prices: this.#prices, metrics, turns: this.#turns, scores: this.#scores },
      ...{ facts: this.#facts, sounds },
    };
  }

  #parsed(text: string): [Kind, unknown] {
    let line: unknown;
    try {
      line = JSON.parse(text);
    } catch {
      throw new CallFileError('a line of it is not JSON');
    }
    const [name, ...more] = isObject(line) ? Object.keys(line) : [];
    const kind = ORDER.find((each) => each === name);
    if (kind === undefined || more.length > 0 || this.#end !== undefined)
      throw new CallFileError('it has a line that no call file has there');
    const isOnce = kind === 'earshot' || kind === 'call';
    const isFirst = this.#header === undefined;
    const isOut = ORDER.indexOf(kind) < ORDER.indexOf(this.#at);
    if (isFirst !== (kind === 'earshot') || isOut || (isOnce && this.#isThere(kind)))
      throw new CallFileError(
        isFirst ? 'it does not begin with the header of a call file' : `it has a ${kind} out of place`,
      );
    this.#at = kind;
    return [kind, (line as Readonly<Record<string, unknown>>)[kind]];
  }

  #isThere(kind: 'earshot' | 'call'): boolean {
    return (kind === 'call' ? this.#metrics : this.#header) !== undefined;
  }

  #add<T>(list: T[], item: T, name: 'turns' | 'scores' | 'prices' | 'spans'): void {
    if (list.length >= (this.#header?.[name] ?? 0))
      throw new CallFileError(`it has more ${name} than its header says`);
    list.push(item);
  }

  /** The recordings follow one another, and no part is of two. */
  #sound(value: unknown): SoundPart {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
    if (bytes === undefined || bytes.length === 0) throw new CallFileError('a part of its sound is empty');
    let before = 0;
    for (const [index, sound] of (this.#header?.sounds ?? []).entries()) {
      const end = before + sound.bytes;
      if (this.#soundBytes < end) {
        this.#soundBytes += bytes.length;
        if (this.#soundBytes > end) break;
        return { index, bytes };
      }
      before = end;
    }
    throw new CallFileError('it has more sound than its header says');
  }
}

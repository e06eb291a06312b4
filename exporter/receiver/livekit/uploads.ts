import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Fact } from '../../../model/facts.ts';
import { isPlausible } from '../../../model/plausible.ts';
import { DEFAULT_TENANT } from '../../../model/tenant.ts';
import { IncomingRecording } from '../../../recordings/incoming.ts';
import type { Kept } from '../../../recordings/kept.ts';
import {
  isReportScope,
  type RecordingHeader,
  type ReportIds,
  readRecordingParts,
  readReportRecords,
} from '../../dialects/livekit-report.ts';
import { errorClass } from '../../store/errors.ts';
import { decodeLogsJson } from '../decode/decode-logs-json.ts';
import { decodeLogsProtobuf } from '../decode/decode-logs-protobuf.ts';
import { DEFAULT_LIMITS, MalformedError } from '../decode/limits.ts';
import type { LogRecord } from '../decode/log-record.ts';
import { CONTENT_TYPES, encodeResponse, HttpError, unavailable } from '../door/answer.ts';
import { type BodyLimits, overloaded, readBody, statedLength } from '../door/body.ts';
import type { ByteBudget } from '../door/budget.ts';
import { acceptBody, encodingOf, mediaType, send } from '../door/exchange.ts';
import { allowLonger } from '../door/http-door.ts';
import type { Sender } from '../door/tokens.ts';
import type { Log } from '../log.ts';
import type { Handler, Routes } from '../routes.ts';
import { readHeader } from './header.ts';
import type { LiveKitKeys } from './keys.ts';
import { type RecordingParts, readParts } from './parts.ts';

export interface UploadsOptions extends BodyLimits {
  keys: LiveKitKeys;
  /** Where recordings are kept. Absent: they are taken and not kept. */
  recordings?: Kept | undefined;
  maxRecordingBytes: number;
  /** Records of a report in one request. */
  maxRequestSpans: number;
  captureContent: boolean;
  budget: ByteBudget;
  /** Resolves when they are committed. @throws HttpError */
  commit(facts: readonly Fact[]): Promise<void>;
  /** Something of a request was left out. */
  limited(): void;
  log: Log;
}

/** Items of a history have parts, and a report its options: more than a span has. */
const LIMITS = { ...DEFAULT_LIMITS, attributesPerSpan: 4_096 };
/** Beside the recording: header, history, and what holds the form together. */
const BESIDE_RECORDING_BYTES = 16 << 20;
/** Recordings on their way at once: each holds some pieces of sound, and its history. */
const MAX_RECORDINGS = 64;
/** Of an upload, without a byte. */
const QUIET_MS = 30_000;

const NO_KEYS =
  'no keys of LiveKit are known here: set LIVEKIT_API_KEY and LIVEKIT_API_SECRET for earshot serve';

/** What LiveKit Agents upload to `LIVEKIT_OBSERVABILITY_URL`. */
export class LiveKitUploads {
  readonly #options: UploadsOptions;
  #recordings = 0;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** The four endpoints. Spans are taken as from anyone, figures are not needed. */
  routes(spans: Handler, figures: Handler): Routes {
    const admit = (headers: IncomingHttpHeaders) => this.#admit(headers);
    const route = (handle: Handler) => ({ methods: ['POST'], admit, handle });
    return {
      '/observability/traces/otlp/v0': route(spans),
      '/observability/metrics/otlp/v0': route(figures),
      '/observability/logs/otlp/v0': route((...parts) => this.#logs(...parts)),
      '/observability/recordings/v0': route((...parts) => this.#recording(...parts)),
    };
  }

  #admit({ authorization }: IncomingHttpHeaders): Sender {
    const { keys } = this.#options;
    const sender = keys.senderOf(authorization, Date.now() / 1_000);
    if (sender !== undefined) return sender;
    const message = keys.isEmpty
      ? NO_KEYS
      : 'expected a token that is signed with the secret of a known API key, and not expired';
    throw new HttpError(401, message, { 'www-authenticate': 'Bearer' });
  }

  /** Of log records, those of a session's report; the application's own lines are not read. */
  async #logs(request: IncomingMessage, response: ServerResponse, { tenant }: Sender): Promise<void> {
    const encoding = encodingOf(request);
    const { maxBodyBytes, maxInflatedBytes, budget } = this.#options;
    // JavaScript sends the history of a whole session in one body, and does not pack it: refused, the recording would not come.
    const limits = { maxBodyBytes: Math.max(maxBodyBytes, maxInflatedBytes), maxInflatedBytes };
    const stated = statedLength(request, limits);
    const share = budget.open(stated ?? 0);
    if (share === undefined) throw overloaded();
    try {
      acceptBody(request, response);
      const body = await readBody(request, share, stated, limits);
      const records: LogRecord[] = [];
      const decode = encoding === 'json' ? decodeLogsJson : decodeLogsProtobuf;
      decode(
        body,
        { ...LIMITS, spans: this.#options.maxRequestSpans },
        {
          wants: isReportScope,
          record: (record) => void records.push(record),
          limited: () => this.#options.limited(),
        },
      );
      await this.#commit(readReportRecords(records, { ...this.#options, ids: IDS }), tenant);
      send(response, 200, CONTENT_TYPES[encoding], encodeResponse(encoding));
    } finally {
      share.close();
    }
  }

  async #recording(request: IncomingMessage, response: ServerResponse, { tenant }: Sender): Promise<void> {
    const { maxRecordingBytes, budget } = this.#options;
    if (mediaType(request) !== 'multipart/form-data')
      throw new HttpError(415, 'content-type: expected multipart/form-data');
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new HttpError(415, 'content-encoding: expected none');
    const maxBytes = maxRecordingBytes + BESIDE_RECORDING_BYTES;
    statedLength(request, { ...this.#options, maxBodyBytes: maxBytes });
    const share = this.#recordings < MAX_RECORDINGS ? budget.open(0) : undefined;
    if (share === undefined) throw unavailable('too many recordings are on their way, try again later', 5);
    this.#recordings += 1;
    let parts: RecordingParts = {};
    try {
      allowLonger(request, QUIET_MS);
      acceptBody(request, response);
      parts = await readParts(request, { maxBytes, share, audio: () => this.#place() });
      await this.#keep(parts, tenant);
      send(response, 200, CONTENT_TYPES.protobuf, Buffer.alloc(0));
    } finally {
      await parts.audio?.discard();
      this.#recordings -= 1;
      share.close();
    }
  }

  #place(): IncomingRecording | undefined {
    const { recordings } = this.#options;
    return recordings === undefined ? undefined : new IncomingRecording(recordings);
  }

  /** The recording first: of a call whose rows are there, its recording is. */
  async #keep({ header: bytes, history, audio }: RecordingParts, tenant: string | undefined): Promise<void> {
    if (bytes === undefined) throw new MalformedError('header: expected one');
    const header = readHeader(bytes);
    const facts = readRecordingParts(header, historyIn(history), { ...this.#options, ids: IDS });
    if (header.redacted === true) await audio?.discard();
    else if (audio !== undefined) await this.#keepAudio(audio, header, tenant);
    await this.#commit(facts, tenant);
  }

  async #keepAudio(
    audio: IncomingRecording,
    { jobId, startUs }: RecordingHeader,
    tenant?: string,
  ): Promise<void> {
    if (startUs === undefined) throw new MalformedError('header, start_time: expected when the audio began');
    if (!(await audio.isWhole())) throw new MalformedError('audio: expected Ogg Opus');
    try {
      await audio.keep(jobId, startUs, tenant);
    } catch (error) {
      this.#options.log.warn('a recording could not be stored', { error: errorClass(error) });
      throw unavailable('the recording cannot be stored now, try again later', 5);
    }
  }

  #commit(facts: readonly Fact[], tenant: string = DEFAULT_TENANT): Promise<void> {
    const plausible = facts.filter(isPlausible);
    if (tenant !== DEFAULT_TENANT) for (const fact of plausible) fact.tenant = tenant;
    return plausible.length === 0 ? Promise.resolve() : this.#options.commit(plausible);
  }
}

/** A history that is not JSON says nothing; its recording is kept. */
function historyIn(history: Buffer | undefined): unknown {
  try {
    return history === undefined ? undefined : JSON.parse(history.toString('utf8'));
  } catch {
    return undefined;
  }
}

const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex');

const IDS: ReportIds = {
  trace: (jobId) => digest('trace', jobId).slice(0, 32),
  span: (jobId, what) => digest('span', jobId, what).slice(0, 16),
};

import type { IncomingMessage, ServerResponse } from 'node:http';
import { comparingSelections } from '../../exporter/comparison/selections.ts';
import type { PriceList } from '../../exporter/pricing/index.ts';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import {
  type CallKey,
  callKey,
  type Database,
  getCallFacts,
  getCallMetrics,
  isDataError,
  keyOf,
  partsOf,
  scoresOfCalls,
} from '../../exporter/store/index.ts';
import {
  type CallSelection,
  getCallSamples,
  getChoices,
  getLatency,
  getQuality,
  getSilence,
  getSpending,
  getTotals,
  listCallPage,
  listTurns,
  searchCallPage,
} from '../../exporter/store/views/index.ts';
import { DEFAULT_TENANT, isName, NAME_RULE } from '../../model/tenant.ts';
import { VERSION } from '../../model/version.ts';
import { SoundError } from '../../recordings/sound-error.ts';
import type { Place } from '../../storage/place.ts';
import type {
  AboutAnswer,
  CallsAnswer,
  CompareAnswer,
  HeardAnswer,
  SelectionFigures,
} from '../shared/api.ts';
import { heardAnswer } from '../shared/heard.ts';
import { FILTERS } from '../shared/query.ts';
import { Ahead } from './ahead.ts';
import { sendJson, sendPlainJson } from './answer.ts';
import { type CallRead, callDetail, readCall } from './call-detail.ts';
import { CHECK_PARAMETERS, checkAnswer } from './check.ts';
import {
  ENDPOINTING_PARAMETERS,
  endpointingAnswer,
  modelsAnswer,
  WHATIF_PARAMETERS,
  whatIfAnswer,
} from './decide.ts';
import { exportCalls } from './export-calls.ts';
import { proveByKept } from './heard.ts';
import { inPieces } from './in-pieces.ts';
import { INCIDENT_PARAMETERS, incidentHandler, incidentsAnswer } from './incidents.ts';
import { listedCall } from './listed.ts';
import { Live } from './live.ts';
import { onlyKnown } from './parameters.ts';
import { recordingsOf } from './recordings.ts';
import {
  limitOf,
  nestedSelectionOf,
  orderOf,
  positionOf,
  positionText,
  selectionOf,
  wrongPosition,
} from './selection.ts';
import { sendCallFile } from './send-call-file.ts';
import { sendPeaks, sendSound } from './sound.ts';

const MOST_LISTED = 500;
const SHOWN_FACTS = 5_000;

export interface ApiOptions {
  db: Database;
  priceList: PriceList;
  /** Silence of no more than so many seconds is good. */
  targetSeconds: number;
  /** What separates two calls of one id, in milliseconds. */
  callGapMs: number;
  /** Spans of a call that its rows come from, at most. */
  maxCallSpans: number;
  /** Address of a trace elsewhere, with `{trace_id}`. */
  traceUrl?: string | undefined;
  /** Where recordings are. Absent: there are none. */
  recordings?: Place | undefined;
  /** A token was asked for. */
  authenticated: boolean;
}

type Handler = (
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<unknown>;

/** A handler of parameters with these names; any other is refused. */
const taking =
  (names: readonly string[], handler: Handler): Handler =>
  (query, request, response) => {
    onlyKnown(query, names);
    return handler(query, request, response);
  };

/** The JSON API: reads, and nothing else. A handler gives what is answered; undefined: it has answered by itself. */
export class Api {
  readonly live: Live;
  readonly #options: ApiOptions;
  readonly #routes: Readonly<Record<string, Handler>>;
  readonly #ahead = new Ahead<CallRead | undefined>();

  constructor(options: ApiOptions) {
    this.#options = options;
    const { db, targetSeconds } = options;
    this.live = new Live(db, (call) => this.#runningCall(call));
    this.#routes = {
      '/api/about': taking(
        [],
        async (): Promise<AboutAnswer> => ({
          version: VERSION,
          target_seconds: targetSeconds,
          authenticated: options.authenticated,
        }),
      ),
      '/api/calls': taking([...FILTERS, 'order', 'limit', 'after'], (query) => this.#calls(query)),
      '/api/totals': taking(FILTERS, async (query) => ({
        ...(await this.#figures(selectionOf(query))),
        target_seconds: targetSeconds,
      })),
      '/api/choices': taking([], () => getChoices(db)),
      '/api/latency': taking(FILTERS, (query) => getLatency(db, selectionOf(query), targetSeconds)),
      '/api/cost': taking(FILTERS, (query) => getSpending(db, selectionOf(query))),
      '/api/quality': taking(FILTERS, (query) => getQuality(db, selectionOf(query))),
      '/api/compare': taking(['a', 'b'], (query) => this.#compare(query)),
      '/api/whatif': taking([...FILTERS, ...WHATIF_PARAMETERS], (query, _, response) =>
        whatIfAnswer(options, query, response),
      ),
      '/api/check': taking([...FILTERS, ...CHECK_PARAMETERS], (query, _, response) =>
        checkAnswer(db, query, response),
      ),
      '/api/endpointing': taking([...FILTERS, ...ENDPOINTING_PARAMETERS], (query, _, response) =>
        endpointingAnswer(options, query, response),
      ),
      '/api/models': taking([], () => modelsAnswer(options)),
      '/api/incidents': taking(INCIDENT_PARAMETERS, (query) => incidentsAnswer(db, query)),
      '/api/calls.csv': taking([...FILTERS, 'order'], (query, _, response) =>
        this.#export('csv', query, response),
      ),
      '/api/calls.json': taking([...FILTERS, 'order'], (query, _, response) =>
        this.#export('json', query, response),
      ),
      '/api/live': taking([], async (_, __, response) => this.live.follow(response)),
    };
  }

  /** Answers a request below `/api/`. @throws HttpError */
  async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { db } = this.#options;
    const handler = Object.hasOwn(this.#routes, url.pathname) ? this.#routes[url.pathname] : undefined;
    const ofIncident = incidentHandler(db, url.pathname);
    const answer = await (handler ?? (ofIncident && taking([], ofIncident)) ?? this.#ofCall(url.pathname))(
      url.searchParams,
      request,
      response,
    );
    if (answer !== undefined) await sendJson(request, response, 200, answer);
  }

  /** Reads the call whose page is asked for, while the browser loads what will ask for it. */
  expect({ pathname, searchParams }: URL): void {
    const [, encoded] = /^\/calls\/([^/]+)$/.exec(pathname) ?? [];
    if (encoded === undefined) return;
    try {
      const key = callKey(decoded(encoded), tenantOf(searchParams));
      this.#ahead.begin(key, () => this.#read(key));
    } catch {} // No call has this name: the question is refused, and says why.
  }

  #read(key: CallKey): Promise<CallRead | undefined> {
    const { db, priceList, callGapMs } = this.#options;
    return readCall(db, key, priceList, callGapMs);
  }

  /** `/api/calls/ID`, and what is below it; `tenant` says whose call it is, where it is not of the default one. */
  #ofCall(path: string): Handler {
    const [, encoded, below] =
      /^\/api\/calls\/([^/]+)(\/facts|\/file|\/heard|\/sound\/\d{1,17}\.(?:wav|ogg|peaks))?$/.exec(path) ??
      [];
    if (encoded === undefined)
      throw new HttpError(404, 'there is nothing here; docs/page.md lists what there is');
    const callId = decoded(encoded);
    return taking(below === '/file' ? ['tenant', 'content'] : ['tenant'], (query, request, response) => {
      const call = callKey(callId, tenantOf(query));
      if (below === undefined) return this.#call(call, request, response);
      if (below === '/facts') return this.#facts(call);
      if (below === '/heard') return this.#heard(call);
      if (below === '/file') return this.#file(call, query, request, response);
      return this.#sound(call, below, request, response);
    });
  }

  async #calls(query: URLSearchParams): Promise<CallsAnswer> {
    const { db } = this.#options;
    const selection = selectionOf(query);
    const order = orderOf(query);
    const page = { limit: limitOf(query, MOST_LISTED), after: positionOf(query.get('after')) };
    const listing =
      selection.idPart !== undefined && order === 'started'
        ? searchCallPage(db, selection, page)
        : listCallPage(db, selection, { order, ...page });
    const { calls, next } = await listing.catch((error: unknown) => {
      throw page.after !== undefined && isDataError(error) ? wrongPosition() : error;
    });
    const keys = calls.map(keyOf);
    const [turns, scores] = await Promise.all([listTurns(db, keys), scoresOfCalls(db, keys)]);
    return {
      calls: calls.map((call) =>
        listedCall(call, turns.get(keyOf(call)) ?? [], { scores: scores.get(keyOf(call)) }),
      ),
      ...(next && { next: positionText(next) }),
    };
  }

  async #figures(selection: CallSelection) {
    const { db, targetSeconds } = this.#options;
    const [totals, silence] = await Promise.all([
      getTotals(db, selection),
      getSilence(db, selection, targetSeconds),
    ]);
    return { totals, silence };
  }

  /** `a` and `b` are query strings of their own. */
  async #compare(query: URLSearchParams): Promise<CompareAnswer> {
    const { db, targetSeconds } = this.#options;
    const selection = (name: 'a' | 'b') => nestedSelectionOf(query.get(name), name);
    const side = async (of: CallSelection): Promise<SelectionFigures> => {
      const { models } = await getLatency(db, of, targetSeconds);
      return { ...(await this.#figures(of)), models };
    };
    const [a, b] = [selection('a'), selection('b')];
    return {
      a: await side(a),
      b: await side(b),
      target_seconds: targetSeconds,
      ...(await inPieces(comparingSelections(await getCallSamples(db, a), await getCallSamples(db, b)))),
    };
  }

  async #call(key: CallKey, request: IncomingMessage, response: ServerResponse) {
    const { priceList, traceUrl, recordings: place } = this.#options;
    const call = await (this.#ahead.take(key) ?? this.#read(key));
    if (call === undefined) throw new HttpError(404, 'there is no such call');
    const recordings =
      call.live || place === undefined ? [] : await recordingsOf(place, call.metrics).catch(() => []);
    await sendPlainJson(request, response, 200, callDetail(call, priceList, { traceUrl, recordings }));
  }

  /** Of a call that has a row of this tenant: what is kept is shown for as long as the call is there. */
  async #sound(key: CallKey, below: string, request: IncomingMessage, response: ServerResponse) {
    const { db, recordings: place } = this.#options;
    const { tenant, callId } = partsOf(key);
    const call = place && (await getCallMetrics(db, callId, tenant));
    const [, , start, kind] = below.split(/[/.]/);
    const recording =
      call &&
      (await recordingsOf(place, call).catch(() => [])).find(
        ({ startUs, format }) => String(startUs) === start && (kind === format || kind === 'peaks'),
      );
    if (place === undefined || recording === undefined)
      throw new HttpError(404, 'there is no such recording');
    if (kind === 'peaks') await sendPeaks(request, response, place, recording);
    else await sendSound(request, response, place, recording);
  }

  /** Of a call that has ended, while its spans are in the journal. */
  async #heard(key: CallKey): Promise<HeardAnswer> {
    const { recordings: place } = this.#options;
    const call = place && (await this.#read(key));
    if (place === undefined || call === undefined || call.live || call.facts.length === 0)
      throw new HttpError(404, 'there is no such call with its spans and a recording');
    const recordings = await recordingsOf(place, call.metrics).catch(() => []);
    if (recordings.length === 0) throw new HttpError(404, 'there is no recording of it');
    try {
      return heardAnswer(await proveByKept(call, place, recordings));
    } catch (error) {
      if (error instanceof SoundError)
        throw new HttpError(422, `the recording cannot be heard: ${error.message}`);
      throw error;
    }
  }

  /** Without what was said, unless that is asked for: the file goes where the page does not. */
  async #file(key: CallKey, query: URLSearchParams, request: IncomingMessage, response: ServerResponse) {
    const { db, priceList, callGapMs, maxCallSpans } = this.#options;
    const content = query.get('content') === 'true';
    await sendCallFile(request, response, db, key, { priceList, callGapMs, maxCallSpans, content });
  }

  async #facts(key: CallKey) {
    const { db, callGapMs } = this.#options;
    const { tenant, callId } = partsOf(key);
    return { facts: await getCallFacts(db, callId, SHOWN_FACTS, callGapMs, tenant) };
  }

  async #runningCall(key: CallKey) {
    const call = await this.#read(key);
    return call?.live === true
      ? listedCall(call.metrics, call.logs, { live: true, scores: call.scores })
      : undefined;
  }

  #export(format: 'csv' | 'json', query: URLSearchParams, response: ServerResponse) {
    return exportCalls(this.#options.db, response, format, selectionOf(query), orderOf(query));
  }
}

function decoded(part: string): string {
  try {
    const id = decodeURIComponent(part);
    // PostgreSQL has no text with it.
    if (!id.includes('\0')) return id;
  } catch {}
  throw new HttpError(400, 'the id of the call is not well-formed');
}

/** @throws HttpError 400 */
function tenantOf(query: URLSearchParams): string {
  const tenant = query.get('tenant') || DEFAULT_TENANT;
  if (isName(tenant)) return tenant;
  throw new HttpError(400, `tenant: expected ${NAME_RULE}`);
}

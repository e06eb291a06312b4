import type { ServerResponse } from 'node:http';
import { collectWhatIf, elsewhere } from '../../exporter/decisions/collect.ts';
import { type EndpointingCall, endpointingCall } from '../../exporter/decisions/endpointing-call.ts';
import { endpointingGroups } from '../../exporter/decisions/endpointing-groups.ts';
import { oneSided, verifiedGroups } from '../../exporter/decisions/verified-groups.ts';
import { WhatIfCalls } from '../../exporter/decisions/whatif.ts';
import type { PriceList } from '../../exporter/pricing/index.ts';
import type { Database } from '../../exporter/store/index.ts';
import { getModels } from '../../exporter/store/views/index.ts';
import type { EndpointingAnswer, ModelsAnswer, WhatIfAnswer } from '../shared/api.ts';
import { inPieces, pauses } from './in-pieces.ts';
import { JournalledCalls } from './journalled-calls.ts';
import { recentSelectionOf } from './selection.ts';
import { secondsOf, seedOf, wishOf } from './wish.ts';

interface Options {
  db: Database;
  priceList: PriceList;
  callGapMs: number;
}

/** What they take beside filters. */
export const WHATIF_PARAMETERS = ['stt', 'llm', 'tts', 'endpointing', 'endpointing_now', 'seed'];
export const ENDPOINTING_PARAMETERS = ['delay', 'now', 'cut_off_cost', 'changed_in', 'seed'];

/** What calls would have been with another model or another delay. @throws HttpError 400 */
export async function whatIfAnswer(
  { db, priceList, callGapMs }: Options,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<Json<WhatIfAnswer>> {
  const calls = new WhatIfCalls(wishOf(query), priceList);
  const seed = seedOf(query);
  const selection = recentSelectionOf(query);
  const pause = pauses(() => !response.destroyed);
  const journal = new JournalledCalls(db, callGapMs, pause);
  await collectWhatIf(calls, {
    chosen: () => journal.of(selection),
    ofProvider: (provider) => new JournalledCalls(db, callGapMs, pause).of(elsewhere(selection, provider)),
  });
  return { ...(await inPieces(calls.working(seed), pause)), notes: journal.notes };
}

/**
 * For each agent and language what other delays would come to; with `changed_in`, what became of the change that this version
 * made. @throws HttpError 400
 */
export async function endpointingAnswer(
  { db, callGapMs }: Options,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<Json<EndpointingAnswer>> {
  const [delay, now] = [secondsOf(query, 'delay'), secondsOf(query, 'now')];
  const cutOffSeconds = secondsOf(query, 'cut_off_cost');
  const seed = seedOf(query);
  const changedIn = query.get('changed_in');
  const selection = recentSelectionOf(query);
  const pause = pauses(() => !response.destroyed);
  const calls: EndpointingCall[] = [];
  const journal = new JournalledCalls(db, callGapMs, pause);
  for await (const { call } of journal.of(selection))
    if (call !== undefined) calls.push(endpointingCall(call));
  if (changedIn) {
    const isAfter = ({ serviceVersion }: EndpointingCall) => serviceVersion === changedIn;
    const missing = oneSided(calls, isAfter);
    const groups = missing === undefined ? await inPieces(verifiedGroups(calls, isAfter, seed), pause) : [];
    return { groups, notes: [...journal.notes, ...(missing === undefined ? [] : [sentence(missing)])] };
  }
  const work = endpointingGroups(calls, {
    ...(cutOffSeconds !== undefined && { cutOffSeconds }),
    ...seed,
    delay,
    now,
  });
  return { groups: await inPieces(work, pause), notes: journal.notes };
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The models that calls have used, and those of the price list that they have not. */
export async function modelsAnswer({ db, priceList }: Options): Promise<ModelsAnswer> {
  const seen = await getModels(db);
  const of = (stage: 'stt' | 'llm' | 'tts') => {
    const used = seen.filter((each) => each.stage === stage).map(nameOf);
    const priced = (priceList.models ?? []).filter(({ component }) => component === stage).map(nameOf);
    return { seen: used, priced: [...new Set(priced)].filter((name) => !used.includes(name)).sort() };
  };
  return { stt: of('stt'), llm: of('llm'), tts: of('tts') };
}

const nameOf = ({ provider, model }: { provider: string; model: string }): string => `${provider}/${model}`;

/** Before it is JSON. */
type Json<Answer> = { [Name in keyof Answer]: unknown };

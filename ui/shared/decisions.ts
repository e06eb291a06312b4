import { COST_FIGURES, isSpread, SILENCE_FIGURES } from '../../exporter/decisions/answers.ts';
import type { EndpointingAnswer, EstimateJson, WhatIfAnswer } from './api.ts';
import { showLimit, showMoney, showSeconds, showShare, UNKNOWN } from './format.ts';

export type EndpointingGroup = EndpointingAnswer['groups'][number];
export type Frontier = NonNullable<EndpointingGroup['result']>;
export type Verification = NonNullable<EndpointingGroup['verification']>;
export type FrontierPoint = Frontier['frontier'][number];

/** A figure now and with what would be different. */
export interface WhatIfLine {
  name: string;
  now: string;
  after: string;
  /** 90 %. '': it is exact. */
  interval: string;
  change: string;
  changeInterval: string;
}

const signed = (value: number, show: (value: number) => string): string =>
  `${value < 0 ? '−' : '+'}${show(Math.abs(value))}`;

/** `−132 ms`, `+12 ms`. */
const showChange = (seconds: number | null): string =>
  seconds === null ? UNKNOWN : signed(seconds, showSeconds);

/** `+1.4 %`, `0 %`. */
export const showShareChange = (share: number | null): string =>
  share === null ? UNKNOWN : showShare(share) === '0 %' ? '0 %' : signed(share, showShare);

/** `1.75 s … 1.91 s`; '' where it is not known. */
export const showEnds = ({ low, high }: EstimateJson, show: (value: number) => string): string =>
  low === null || high === null ? '' : `${show(low)} … ${show(high)}`;

/** Silences and costs of an answer; without silences where nothing can be said of them. */
export function whatIfLines({ silence, cost, calls, seconds }: WhatIfAnswer): WhatIfLine[] {
  const silences =
    silence === undefined
      ? []
      : SILENCE_FIGURES.map((name) => {
          const { before, after, change } = silence[name];
          return {
            name: `silence, ${name}`,
            now: showSeconds(before.value),
            after: showSeconds(after.value),
            interval: showEnds(after, showSeconds),
            change: showChange(change.value),
            changeInterval: showEnds(change, showChange),
          };
        });
  const parts = COST_FIGURES.filter((part) => cost.before[part] !== null || cost.after[part] !== null).map(
    (part) => costLine(part === 'total' ? 'cost' : `cost, ${part}`, cost.before[part], cost.after[part]),
  );
  const by = (name: string, whole: number): WhatIfLine[] =>
    whole > 0 ? [costLine(name, cost.before.total, cost.after.total, whole)] : [];
  return [...silences, ...parts, ...by('cost of a call', calls), ...by('cost of a minute', seconds / 60)];
}

function costLine(name: string, before: string | null, after: string | null, whole = 1): WhatIfLine {
  const [now, then] = [before, after].map((cost) => (cost === null ? null : Number(cost) / whole));
  return {
    name,
    now: showMoney(now),
    after: showMoney(then),
    interval: '',
    change: costChange(now, then),
    changeInterval: '',
  };
}

function costChange(now: number | null | undefined, then: number | null | undefined): string {
  if (typeof now !== 'number' || typeof then !== 'number') return UNKNOWN;
  if (now === then) return 'none';
  const share = now === 0 ? '' : ` (${showShareChange(then / now - 1)})`;
  return `${signed(then - now, showMoney)}${share}`;
}

/** What an answer comes to, in a sentence. */
export function whatIfSentence(answer: WhatIfAnswer): string {
  const { silence, noSilence } = answer;
  const minute = whatIfLines(answer).find(({ name }) => name === 'cost of a minute');
  const cost =
    minute === undefined || minute.change === UNKNOWN
      ? 'what it would cost is not known'
      : minute.change === 'none'
        ? `a minute would still cost ${minute.now}`
        : `a minute would cost ${minute.after} in place of ${minute.now}`;
  if (silence === undefined) return `Of the silence nothing can be said: ${noSilence}. And ${cost}.`;
  const { before, after, change } = silence.p95;
  const ends = showEnds(change, showChange);
  return `Silence p95 would be ${showSeconds(after.value)} in place of ${showSeconds(before.value)}${ends && ` (${ends})`}, and ${cost}.`;
}

/** The agent and the language. */
export const groupName = ({ agent, language }: EndpointingGroup): string =>
  [agent, language].filter(Boolean).join(', ') || 'unnamed';

/** `+1.4`, `0`: percentage points. */
const showPoints = (share: number): string => showShareChange(share).replace(' %', '');

/** `600 ms → 300 ms saves 300 ms a turn and cuts off 21 % in place of 2.0 % (+14 … +23 points)`. */
export function pointSentence(
  now: number,
  { delay, saved, cutOffs, more }: FrontierPoint,
  today: Frontier['cutOffs'],
): string {
  const ends = showEnds(more, showPoints);
  return [
    `${showLimit(now)} → ${showLimit(delay)} ${(saved.value ?? 0) < 0 ? 'costs' : 'saves'}`,
    `${showSeconds(Math.abs(saved.value ?? 0))} a turn and cuts off`,
    `${showShare(cutOffs.value)} in place of ${showShare(today.value)}${ends && ` (${ends} points)`}`,
  ].join(' ');
}

/** What to do about a delay, in sentences. */
export function endpointingSentence(
  { frontier, recommended, delay, cutOffs }: Frontier,
  { asked, now = delay.p50 }: { asked?: number | undefined; now?: number | undefined } = {},
): string {
  const point = frontier.find((each) => each.delay === asked);
  const isBest = point !== undefined && point.delay === recommended?.delay;
  const answer =
    asked === undefined || asked === now
      ? ''
      : point === undefined
        ? `Nothing is known of a delay of ${showLimit(asked)}. `
        : `${pointSentence(now, point, cutOffs)}${isBest ? ': the best' : ''}. `;
  if (isBest) return answer.trim();
  if (isSpread(delay))
    return `${answer}No delay is advised: the calls have several. Choose those of one version.`;
  return recommended === undefined
    ? `${answer}Keep ${showLimit(now)}: no other delay is better beyond doubt.`
    : `${answer}Best: ${pointSentence(now, recommended, cutOffs)}.`;
}

/** A figure of a change: before it, as it was predicted, and as it was after it. */
export interface VerifiedLine {
  name: string;
  before: string;
  predicted: string;
  predictedInterval: string;
  after: string;
  afterInterval: string;
  verdict: string;
}

/** What became of a change of the delay. */
export function verifiedLines({ silence, cutOffs, seenUntil }: Verification): VerifiedLine[] {
  return [
    { name: 'silence, mean', show: showSeconds, figure: silence },
    { name: `cut-offs, of pauses up to ${showLimit(seenUntil)}`, show: showShare, figure: cutOffs },
  ].map(({ name, show, figure: { before, predicted, measured, asPredicted } }) => ({
    name,
    before: show(before),
    predicted: show(predicted.value),
    predictedInterval: showEnds(predicted, show),
    after: show(measured.value),
    afterInterval: showEnds(measured, show),
    verdict: asPredicted === undefined ? 'not known' : asPredicted ? 'as predicted' : 'not as predicted',
  }));
}

/** What stays open, and what to keep in mind. */
export function endpointingDoubts({ pauses, seen, delay, waitsForTranscript }: Frontier): string[] {
  return [
    ...(pauses.before === 0
      ? ['Pauses before a commit are not recorded: nothing is known of shorter delays.']
      : []),
    `Not known: pauses shorter than ${showLimit(seen.from)} or longer than ${showLimit(seen.until)}. Differences of delays are whole; each share is a lower bound.`,
    ...(isSpread(delay)
      ? [
          `The delay is not one: ${showLimit(delay.p10)} to ${showLimit(delay.p90)} (p10 to p90). One that is longer or shorter by the same in every turn is looked at.`,
        ]
      : []),
    ...(waitsForTranscript ? ['Turns wait for their final transcripts as well.'] : []),
  ];
}

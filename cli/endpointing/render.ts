import { isSpread } from '../../exporter/decisions/answers.ts';
import type { Endpointing, FrontierPoint } from '../../exporter/decisions/endpointing.ts';
import type { EndpointingGroup } from '../../exporter/decisions/endpointing-groups.ts';
import type { Verified } from '../../exporter/decisions/verify-endpointing.ts';
import { safeText } from '../../model/safe-text.ts';
import { bullet, showChange, showInterval, showShare } from '../render/estimates.ts';
import { count, type Paint, showSeconds, table, UNKNOWN, wrapped } from '../render/text.ts';

/** What each group comes to: one line each, and of one group all of it. */
export function endpointingText(
  groups: readonly EndpointingGroup[],
  {
    asked,
    now,
    cutOffSeconds,
  }: { asked?: number | undefined; now?: number | undefined; cutOffSeconds: number },
  screen: number,
  paint: Paint,
): string {
  const [only, second] = groups;
  const parts = [overview(groups, screen)];
  if (only?.result && second === undefined)
    parts.push('', frontierTable(only.result, now), '', ...about(only.result, screen));
  for (const group of groups) {
    if (group.result === undefined) continue;
    const sentence = sentenceOf(group.result, { asked, now, cutOffSeconds });
    const name = second === undefined ? '' : `${nameOf(group)}: `;
    parts.push('', paint('bold', wrapped(`${name}${sentence}`, screen)));
  }
  return parts.join('\n');
}

const SPREAD = 'not one delay: choose a version';

const saving = ({ saved }: FrontierPoint): string => showChange(saved.value).replace(/^\+/, '');

const nameOf = ({ agent, language }: EndpointingGroup): string =>
  safeText([agent, language].filter((part) => part !== undefined).join(', ') || 'unnamed');

const overview = (groups: readonly EndpointingGroup[], screen: number): string =>
  table<EndpointingGroup>(
    [
      { title: 'AGENT', cell: ({ agent }) => safeText(agent ?? UNKNOWN) },
      { title: 'LANGUAGE', cell: ({ language }) => safeText(language ?? UNKNOWN) },
      { title: 'TURNS', right: true, cell: ({ turns }) => turns.toLocaleString('en-US') },
      { title: 'DELAY', right: true, cell: ({ result }) => showSeconds(result?.delay.p50) },
      {
        title: 'CUT-OFFS',
        right: true,
        cell: ({ result }) => (result ? showShare(result.cutOffs.value) : UNKNOWN),
      },
      { title: 'BETTER', right: true, cell: ({ result }) => showSeconds(result?.recommended?.delay) },
      {
        title: 'SAVES',
        right: true,
        cell: ({ result }) => (result?.recommended ? saving(result.recommended) : UNKNOWN),
      },
      {
        title: 'CUTS OFF',
        right: true,
        cell: ({ result }) =>
          result?.recommended ? showShare(result.recommended.more.value, true) : UNKNOWN,
      },
      { title: '', cell: ({ note, result }) => note ?? (result && isSpread(result.delay) ? SPREAD : '') },
    ],
    groups,
    screen,
  );

function frontierTable({ frontier, delay, cutOffs, recommended }: Endpointing, now = delay.p50): string {
  const today: FrontierPoint = {
    delay: now,
    saved: { value: 0, low: Number.NaN, high: Number.NaN },
    more: { value: 0, low: Number.NaN, high: Number.NaN },
    gain: { value: 0, low: Number.NaN, high: Number.NaN },
    cutOffs,
  };
  const points = worthSeeing(
    [...frontier, today].sort((a, b) => a.delay - b.delay),
    today,
    recommended,
  );
  const signed = (share: number) => showShare(share, true);
  return table<FrontierPoint>(
    [
      { title: 'DELAY', right: true, cell: (point) => showSeconds(point.delay) },
      { title: 'SAVES', right: true, cell: saving },
      { title: 'CUT-OFFS', right: true, cell: (point) => showShare(point.cutOffs.value) },
      { title: '90 % INTERVAL', right: true, cell: (point) => showInterval(point.cutOffs, showShare) },
      { title: 'MORE', right: true, cell: ({ more }) => signed(more.value) },
      { title: '90 % INTERVAL', right: true, cell: ({ more }) => showInterval(more, signed) },
      {
        title: '',
        cell: (point) => (point === today ? 'now' : point === recommended ? 'best' : ''),
      },
    ],
    points,
  );
}

/** So few cut-offs are none. */
const NONE = 0.0005;

/** Delays with cut-offs, and the first without any; of longer ones those that matter. */
function worthSeeing(
  points: readonly FrontierPoint[],
  ...always: readonly (FrontierPoint | undefined)[]
): readonly FrontierPoint[] {
  const first = points.findIndex(({ cutOffs }) => cutOffs.value < NONE);
  return points.filter((point, index) => first < 0 || index <= first || always.includes(point));
}

function about({ pauses, seen, delay, waitsForTranscript }: Endpointing, screen: number): string[] {
  const before =
    pauses.before > 0
      ? `${count(pauses.before, 'pause')} before a commit`
      : 'No pause before a commit: they are not recorded, and nothing is known of shorter delays';
  return [
    `${before}; ${count(pauses.committed, 'time')} the user spoke on after one and before the answer, ${count(pauses.overAnswer, 'time')} over the answer.`,
    `Not known: pauses shorter than ${showSeconds(seen.from)}, which are not recorded, and those longer than ${showSeconds(seen.until)}, by when the agent has nearly always spoken. Cut-offs are of pauses in between: differences of delays are whole, each share is a lower bound.`,
    ...(isSpread(delay)
      ? [
          `The delay is not one: ${showSeconds(delay.p10)} to ${showSeconds(delay.p90)} (p10 to p90). Where a turn detector decides, a delay that is longer or shorter by the same in every turn is looked at.`,
        ]
      : []),
    ...(waitsForTranscript
      ? ['Turns wait for their final transcripts as well, also with a shorter delay.']
      : []),
  ].map((line) => bullet(line, screen));
}

interface Asked {
  readonly asked?: number | undefined;
  readonly now?: number | undefined;
  readonly cutOffSeconds: number;
}

/** Percentage points, without their unit: `+1.4`. */
const showPoints = (share: number): string => showShare(share, true).replace(' %', '');

/** `300 → 220 ms saves 80 ms a turn and cuts off 3.5 % in place of 2.1 % (+0.9 … +1.8 points).` */
function sentenceOf(result: Endpointing, { asked, now = result.delay.p50, cutOffSeconds }: Asked): string {
  const worth = `a cut-off taken to be as bad as ${cutOffSeconds} s of silence`;
  const { recommended } = result;
  const about = (point: FrontierPoint): string => {
    const { delay, saved, cutOffs, more } = point;
    const time = `${saved.value < 0 ? 'costs' : 'saves'} ${showSeconds(Math.abs(saved.value))} a turn`;
    const share = `${showShare(cutOffs.value)} in place of ${showShare(result.cutOffs.value)}`;
    return `${Math.round(now * 1_000)} → ${showSeconds(delay)} ${time} and cuts off ${share} (${showInterval(more, showPoints)} points)`;
  };
  const question = result.frontier.find(({ delay }) => delay === asked);
  const answer = question === undefined ? '' : `${about(question)}. `;
  if (asked !== undefined && question === undefined)
    return `Nothing is known of a delay of ${showSeconds(asked)}.`;
  if (isSpread(result.delay))
    return `${answer}No delay is advised: the calls have several (${showSeconds(result.delay.p10)} to ${showSeconds(result.delay.p90)}, p10 to p90). Choose those of one version.`;
  if (recommended === undefined) return `${answer}Keep it: no other delay is better beyond doubt, ${worth}.`;
  return recommended === question
    ? `${answer}It is the best, ${worth}.`
    : `${answer}Best: ${about(recommended)}, ${worth}.`;
}

const VERDICT = { true: 'as predicted', false: 'not as predicted', undefined: 'not known' } as const;

/** What was predicted of a change, and what became of it. */
export function verificationText(groups: readonly EndpointingGroup[], screen: number, paint: Paint): string {
  return groups
    .map((group) => {
      const { verification } = group;
      if (verification === undefined) return `${nameOf(group)}: ${group.note ?? 'nothing is known'}.`;
      const { delay, silence, cutOffs, seenUntil } = verification;
      const lines = [
        { name: 'silence, mean', show: showSeconds, ...silence },
        { name: `cut-offs, of pauses up to ${showSeconds(seenUntil)}`, show: showShare, ...cutOffs },
      ];
      return [
        paint('bold', `${nameOf(group)}: ${showSeconds(delay.before)} → ${showSeconds(delay.after)}`),
        table<Verified & { name: string; show: (value: number) => string }>(
          [
            { title: '', cell: ({ name }) => name },
            { title: 'BEFORE', right: true, cell: ({ before, show }) => show(before) },
            { title: 'PREDICTED', right: true, cell: ({ predicted, show }) => show(predicted.value) },
            {
              title: '90 % INTERVAL',
              right: true,
              cell: ({ predicted, show }) => showInterval(predicted, show),
            },
            { title: 'AFTER', right: true, cell: ({ measured, show }) => show(measured.value) },
            {
              title: '90 % INTERVAL',
              right: true,
              cell: ({ measured, show }) => showInterval(measured, show),
            },
            { title: '', cell: ({ asPredicted }) => VERDICT[`${asPredicted}`] },
          ],
          lines,
          screen,
        ),
      ].join('\n');
    })
    .join('\n\n');
}

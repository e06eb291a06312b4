import type { Slowdown } from '../../demo/weeks/slowdown.ts';
import type { AgentTruth, VersionTruth } from '../../demo/weeks/truth.ts';
import { showInstant, showSeconds, table } from '../render/text.ts';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const change =
  (of: (version: VersionTruth) => number, show: (value: number) => string) =>
  ({ a, b }: AgentTruth): string =>
    `${show(of(a))} → ${show(of(b))}`;

/** What is really different between the versions of simulated agents. */
export const truthTable = (truth: readonly AgentTruth[], screen: number): string =>
  table<AgentTruth>(
    [
      { title: 'AGENT', cell: ({ agent }) => agent },
      { title: 'VERSION', cell: ({ versions: [a, b] }) => `${a} → ${b}` },
      { title: 'WHAT WAS CHANGED', leaves: 1, cell: ({ changes }) => changes.join(', ') },
      { title: 'SILENCE P50', cell: change(({ silence }) => silence.p50, showSeconds) },
      { title: 'P95', cell: change(({ silence }) => silence.p95, showSeconds) },
      { title: 'INTERRUPTED', cell: change(({ interruptionRate }) => interruptionRate, percent) },
      { title: 'CUT OFF', cell: change(({ cutOffRate }) => cutOffRate, percent) },
      { title: 'SUCCESS', cell: change(({ successRate }) => successRate, percent) },
    ],
    truth,
    screen,
  );

/** When simulated providers were really slower than usual. */
export const slowdownText = (slowdowns: readonly Slowdown[], utc = false): string =>
  slowdowns
    .map(
      ({ stage, provider, fromUs, untilUs, seconds }) =>
        `Really slower: ${stage} ${provider} by ${showSeconds(seconds)}, in calls that began from ${showInstant(fromUs, utc)} to ${showInstant(untilUs, utc)}. What earshot incidents finds:`,
    )
    .join('\n');

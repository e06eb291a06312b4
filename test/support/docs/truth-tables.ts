import assert from 'node:assert/strict';
import { showInterval, showShare } from '../../../cli/render/estimates.ts';
import { showSeconds } from '../../../cli/render/text.ts';
import { type Agent, CAST } from '../../../demo/weeks/cast.ts';
import { chanceOf } from '../../../demo/weeks/chance.ts';
import { trueOwners } from '../../../demo/weeks/silence.ts';
import { speechOf, type TrueSpeech } from '../../../demo/weeks/speech.ts';
import { type AgentTruth, truthOf } from '../../../demo/weeks/truth.ts';
import { simulateCall } from '../../../demo/weeks/weeks.ts';
import type { Check } from '../../../exporter/checks/check.ts';
import type { FigureName } from '../../../exporter/checks/figures.ts';
import type { Comparison } from '../../../exporter/comparison/selections.ts';
import {
  JUDGMENT_WORDS,
  showDifference,
  showInterval as showDifferences,
} from '../../../exporter/comparison/words.ts';
import type { EndpointingGroup } from '../../../exporter/decisions/endpointing-groups.ts';
import type { WhatIf } from '../../../exporter/decisions/whatif.ts';
import type { Estimate } from '../../../exporter/statistics/bootstrap.ts';
import type { CallRows } from '../../../exporter/store/index.ts';
import { ownerName, silenceByOwner } from '../../../model/owners.ts';
import type { CallMetricsRow } from '../../../model/rows.ts';
import type { TrueCall } from '../simulated-weeks.ts';

const TARGET_SECONDS = 1.2;
/** Calls of a world in which a change is made. */
const WORLD_CALLS = 2_000;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${[head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;

/** Whose the silence over the target is, as rows have it and as it was. */
export function ownersTable(weeks: readonly TrueCall[], rows: readonly CallRows[]): string {
  const slow = rows
    .flatMap(({ logs }) => logs)
    .filter(({ eou_latency }) => (eou_latency ?? 0) > TARGET_SECONDS);
  const reported = silenceByOwner(slow);
  const really = trueOwners(
    weeks.flatMap(({ truth }) => truth.turns),
    TARGET_SECONDS,
  );
  assert.equal(reported.length, really.length);
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  return table(
    ['owner', 'reported', 'really'],
    really.map(({ name, share, seconds }) => {
      const owner = reported.find((each) => ownerName(each) === name);
      assert.ok(owner && Math.abs(owner.seconds - seconds) < 0.01, `${name}: ${owner?.seconds}, ${seconds}`);
      return [name, percent(owner.share), percent(share)];
    }),
  );
}

const SPEECH = [
  ['user_speech_seconds', ({ user }: TrueSpeech) => user],
  ['agent_speech_seconds', ({ agent }: TrueSpeech) => agent],
  ['overlap_seconds', ({ overlap }: TrueSpeech) => overlap],
  ['talk_ratio', ({ user, agent }: TrueSpeech) => agent / (user + agent)],
  ['longest_silence', ({ longestSilence }: TrueSpeech) => longestSilence],
  ['dead_air_seconds', ({ deadAir }: TrueSpeech) => deadAir],
  ['unanswered_count', ({ unanswered }: TrueSpeech) => unanswered],
] as const satisfies readonly (readonly [keyof CallMetricsRow, (speech: TrueSpeech) => number])[];

/** Means of the figures of speech, as rows have them and as they were, and how far off a call is at most. */
export function speechTable(weeks: readonly TrueCall[], rows: readonly CallRows[]): string {
  return table(
    ['column', 'calls', 'mean', 'really', 'a call is off by at most'],
    SPEECH.map(([column, of]) => {
      const known = weeks.flatMap(({ truth }, index) => {
        const value = rows[index]?.metrics[column];
        return typeof value === 'number' ? [[value, of(speechOf(truth))] as const] : [];
      });
      const mean = (side: 0 | 1) => known.reduce((sum, pair) => sum + pair[side], 0) / known.length;
      const off = known.reduce((most, [value, truth]) => Math.max(most, Math.abs(value - truth)), 0);
      return [
        `\`${column}\``,
        known.length.toLocaleString('en-US'),
        mean(0).toFixed(3),
        mean(1).toFixed(3),
        off < 0.001 ? 'less than 0.001' : off.toFixed(3),
      ];
    }),
  );
}

/** What the commands predict or measure, and what is true. */
export function decisionsTable({ silence }: WhatIf, { result }: EndpointingGroup, check: Check): string {
  const shorter = result?.frontier.find(({ delay }) => delay === 0.3);
  assert.ok(silence && shorter);
  const swapped = versionsOf('support').b;
  const canary = versionsOf('front-desk').b;
  const line = (
    command: string,
    figure: string,
    show: (value: number) => string,
    is: Estimate,
    truth: number,
  ) => [command, figure, show(is.value), showInterval(is, show), show(truth)];
  const checked = (figure: FigureName, show: (value: number) => string, truth: number) =>
    line('`check --service-version 1.5.0`', figure, show, estimateOf(check, figure), truth);
  return table(
    ['command', 'figure', 'says', 'interval', 'really'],
    [
      ...(['p50', 'p95', 'mean'] as const).map((name) =>
        line(
          '`whatif --llm openai/gpt-4.1-mini`',
          `silence ${name}, then`,
          showSeconds,
          silence[name].after,
          swapped.silence[name],
        ),
      ),
      line(
        '`endpointing --delay 300ms`',
        'cut-offs, more',
        (value) => showShare(value, true),
        shorter.more,
        cutOffsAt(0.3) - cutOffsAt(0.6),
      ),
      checked('silence-p95', showSeconds, canary.silence.p95),
      checked('interruption-rate', showShare, canary.interruptionRate),
    ],
  );
}

function estimateOf({ verdicts }: Check, figure: FigureName): Estimate {
  const { value = null, interval } = verdicts.find((verdict) => verdict.figure === figure) ?? {};
  assert.ok(value !== null && interval, figure);
  return { value, low: interval[0], high: interval[1] };
}

/** What is said to be different between the versions of the front desk, and what is. */
export function comparisonTruthTable({ figures }: Comparison): string {
  const { a, b } = versionsOf('front-desk');
  const [before, after] = agentNamed('front-desk').versions;
  assert.ok(before.llm === after.llm && before.tts === after.tts);
  const truth: readonly (readonly [name: string, difference: number])[] = [
    ...(['p50', 'p95', 'mean'] as const).map(
      (name) => [`silence_${name}`, b.silence[name] - a.silence[name]] as const,
    ),
    ['segment_preparation_mean', after.preparationSeconds - before.preparationSeconds],
    ['segment_llm_mean', 0],
    ['segment_tts_mean', 0],
    ['interruption_rate', b.interruptionRate - a.interruptionRate],
    ['outcome_success', b.successRate - a.successRate],
  ];
  const lines = truth.map(([name, really]) => {
    const figure = figures.find((each) => each.name === name);
    assert.ok(figure?.interval && figure.difference !== null, name);
    const [low, high] = figure.interval;
    const { title, unit, judgment, difference } = figure;
    return {
      holds: low <= really && really <= high,
      cells: [
        title,
        showDifference(unit, difference),
        showDifferences(figure),
        JUDGMENT_WORDS[judgment],
        showDifference(unit, really),
      ],
    };
  });
  const held = lines.filter(({ holds }) => holds).length;
  return `${table(
    ['figure', 'B − A', '95 %', 'verdict', 'really'],
    lines.map(({ cells }) => cells),
  )}\n${held} of these ${lines.length} intervals hold the truth. One in twenty does not, by chance alone.\n`;
}

function agentNamed(name: string): Agent {
  const agent = CAST.find((each) => each.name === name);
  assert.ok(agent, name);
  return agent;
}

const worlds = new Map<string, AgentTruth>();
/** What both versions of an agent come to, computed once. */
function versionsOf(name: string): AgentTruth {
  const truth = worlds.get(name) ?? truthOf(agentNamed(name), WORLD_CALLS);
  worlds.set(name, truth);
  return truth;
}

/** Times the agent of the reminders is wrong to take an English caller to be finished, by turns, with another delay. */
function cutOffsAt(endpointingSeconds: number): number {
  const agent = agentNamed('reminders');
  const version = { ...agent.versions[0], endpointingSeconds };
  const english = { ...agent, languages: [[1, 'en']] as const };
  let [wrong, ended] = [0, 0];
  for (let number = 0; number < WORLD_CALLS; number += 1)
    for (const { initiator, commits, goesOn } of simulateCall(english, version, chanceOf(number, 'truth'))
      .turns) {
      if (initiator !== 'user') continue;
      wrong += commits.length - (goesOn ? 0 : 1);
      if (!goesOn) ended += 1;
    }
  return wrong / ended;
}

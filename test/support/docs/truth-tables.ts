import assert from 'node:assert/strict';
import { showInterval, showShare } from '../../../cli/render/estimates.ts';
import { showSeconds } from '../../../cli/render/text.ts';
import { CAST } from '../../../demo/weeks/cast.ts';
import { chanceOf } from '../../../demo/weeks/chance.ts';
import { trueOwners } from '../../../demo/weeks/silence.ts';
import { speechOf, type TrueSpeech } from '../../../demo/weeks/speech.ts';
import { truthOf } from '../../../demo/weeks/truth.ts';
import { simulateCall } from '../../../demo/weeks/weeks.ts';
import { groupCall } from '../../../exporter/calls/group.ts';
import { intervalsOf } from '../../../exporter/checks/intervals.ts';
import { endpointing } from '../../../exporter/decisions/endpointing.ts';
import { endpointingCall } from '../../../exporter/decisions/endpointing-call.ts';
import { WhatIfCalls } from '../../../exporter/decisions/whatif.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import type { Estimate } from '../../../exporter/statistics/bootstrap.ts';
import { finished } from '../../../exporter/statistics/pieces.ts';
import { quantileOf } from '../../../exporter/statistics/quantile.ts';
import type { CallRows } from '../../../exporter/store/index.ts';
import { ownerName, silenceByOwner } from '../../../model/owners.ts';
import type { CallMetricsRow } from '../../../model/rows.ts';
import { callSamples } from '../call-samples.ts';
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
export function decisionsTable(weeks: readonly TrueCall[], rows: readonly CallRows[]): string {
  const [frontDesk, support, reminders] = CAST;
  assert.ok(frontDesk && support && reminders);
  const chosen = (agent: string, version: string, language?: string) =>
    weeks.filter(
      ({ truth }) =>
        truth.agent.name === agent &&
        truth.version.version === version &&
        (language === undefined || truth.language === language),
    );
  const whatif = new WhatIfCalls({ llm: support.versions[1].llm }, catalogue());
  for (const { facts } of chosen('support', '2.3.0')) {
    const call = groupCall(facts);
    whatif.add(call);
    whatif.measure(call);
  }
  for (const { facts } of chosen('support', '2.4.0')) whatif.measure(groupCall(facts));
  const swapped = truthOf(support, WORLD_CALLS).b.silence;
  const { silence } = whatif.result();
  const pauses = endpointing(
    chosen('reminders', '0.9.0', 'en')
      .map(({ facts }) => endpointingCall(groupCall(facts)))
      .filter(({ turns }) => turns.length > 0),
  );
  const shorter = pauses.frontier.find(({ delay }) => delay === 0.3);
  assert.ok(silence && shorter);
  const canary = new Set(chosen('front-desk', '1.5.0').map(({ truth }) => truth.callId));
  const samples = callSamples(rows.filter(({ metrics }) => canary.has(metrics.call_id)));
  const { 'silence-p95': interval } = finished(intervalsOf(samples, ['silence-p95']));
  const line = (
    command: string,
    figure: string,
    show: (value: number) => string,
    is: Estimate,
    truth: number,
  ) => [command, figure, show(is.value), showInterval(is, show), show(truth)];
  const share = (value: number) => showShare(value, true);
  const p95 = quantileOf(
    samples.flatMap(({ silences }) => silences.map(([whole = 0]) => whole)),
    0.95,
  );
  return table(
    ['command', 'figure', 'says', 'interval', 'really'],
    [
      ...(['p50', 'p95', 'mean'] as const).map((name) =>
        line(
          '`whatif --llm openai/gpt-4.1-mini`',
          `silence ${name}, then`,
          showSeconds,
          silence[name].after,
          swapped[name],
        ),
      ),
      line(
        '`endpointing --delay 300ms`',
        'cut-offs, more',
        share,
        shorter.more,
        cutOffsAt(0.3) - cutOffsAt(0.6),
      ),
      line(
        '`check --service-version 1.5.0`',
        'silence-p95',
        showSeconds,
        { value: p95, low: interval?.[0] ?? Number.NaN, high: interval?.[1] ?? Number.NaN },
        truthOf(frontDesk, WORLD_CALLS).b.silence.p95,
      ),
    ],
  );
}

/** Times the agent of the reminders is wrong to take an English caller to be finished, by turns, with another delay. */
function cutOffsAt(endpointingSeconds: number): number {
  const agent = CAST.find(({ name }) => name === 'reminders');
  assert.ok(agent);
  const version = { ...agent.versions[0], endpointingSeconds };
  const english = { ...agent, languages: [[1, 'en']] as const };
  const turns = Array.from({ length: WORLD_CALLS }, (_, n) =>
    simulateCall(english, version, chanceOf(n, 'truth')),
  )
    .flatMap((call) => call.turns)
    .filter(({ initiator }) => initiator === 'user');
  const wrong = turns.reduce((sum, { commits, goesOn }) => sum + commits.length - (goesOn ? 0 : 1), 0);
  return wrong / turns.filter(({ goesOn }) => !goesOn).length;
}

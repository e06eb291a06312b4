import type { ComponentChildren } from 'preact';
import type { Choices, EndpointingAnswer } from '../../shared/api.ts';
import {
  type EndpointingGroup,
  endpointingDoubts,
  endpointingSentence,
  type Frontier,
  groupName,
  showEnds,
  showShareChange,
  type Verification,
  verifiedLines,
} from '../../shared/decisions.ts';
import { showCountOf, showLimit, showSeconds, showShare } from '../../shared/format.ts';
import { withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { path, query } from '../app/location.ts';
import { ChartCard } from '../charts/chart-card.tsx';
import { FrontierChart } from '../charts/frontier-chart.tsx';
import { Head, Listed, Working } from './decide-answer.tsx';
import { ChoiceField, DurationField, questionAddress } from './decide-fields.tsx';
import { Empty } from './empty.tsx';
import { View } from './view.tsx';

const PARAMETERS = ['delay', 'now', 'cut_off_cost', 'changed_in'] as const;

/** For each agent and language: what each delay saves, and whom it cuts off. */
export function EndpointingQuestion({ tabs }: { tabs: ComponentChildren }) {
  const { data, error, isLoading } = useFetched<EndpointingAnswer>(
    questionAddress('/api/endpointing', PARAMETERS),
  );
  const groups = error === undefined ? data?.groups : undefined;
  return (
    <View name="Decide: endpointing" error={error} isEmpty={false}>
      {tabs}
      <section class="card pad decide-form" aria-label="Delays">
        {!query.value.get('changed_in') && <DelayFields />}
        <ChangedInField />
      </section>
      {isLoading && <Working />}
      {groups?.length === 0 && !isLoading && <Nothing notes={data?.notes ?? []} />}
      {groups !== undefined && groups.length > 0 && <Groups groups={groups} notes={data?.notes ?? []} />}
    </View>
  );
}

const DelayFields = () => (
  <>
    <DurationField name="delay" title="Look at a delay of" unit="ms" per={1_000} hint="any" />
    <DurationField name="now" title="It is set to" unit="ms" per={1_000} hint="median" />
    <DurationField
      name="cut_off_cost"
      title="A cut-off is as bad as a silence of"
      unit="s"
      per={1}
      hint="5"
    />
  </>
);

/** The version that changed the delay: what was predicted of it, and what became of it. */
function ChangedInField() {
  const { data: choices } = useFetched<Choices>('/api/choices');
  return (
    <ChoiceField
      name="changed_in"
      title="Verify the change in version"
      none="no change"
      options={(choices?.version ?? []).map((version) => [version, version] as const)}
    />
  );
}

const Nothing = ({ notes }: { notes: readonly string[] }) => (
  <Empty title={notes[0] ?? 'No call shows how its user pauses'}>
    <p>
      A call shows it where its spans say when the user fell silent and when the turn was committed. They must
      still be in the journal.
    </p>
    <p>
      <a href={withParameters(path.value, query.value, { since: 'all', until: undefined })}>
        Look at all time
      </a>
    </p>
  </Empty>
);

function Groups({ groups, notes }: { groups: readonly EndpointingGroup[]; notes: readonly string[] }) {
  const few = groups.filter(({ note }) => note !== undefined);
  return (
    <>
      <div class="charts">
        {groups.map((group) => {
          const { result, verification } = group;
          const key = groupName(group);
          if (result !== undefined) return <Group key={key} group={group} result={result} />;
          return verification && <Verified key={key} group={group} verification={verification} />;
        })}
      </div>
      {few.length + notes.length > 0 && (
        <section class="card pad decide-result" aria-label="Left out">
          <Listed
            title={few.length < groups.length ? 'Left out' : 'Too little is known'}
            items={[...notes, ...few.map((group) => `${groupName(group)}: ${group.note}.`)]}
          />
        </section>
      )}
    </>
  );
}

const numberIn = (name: string): number | undefined => {
  const text = query.value.get(name);
  return text ? Number(text) : undefined;
};

function Group({ group, result }: { group: EndpointingGroup; result: Frontier }) {
  const [asked, now = result.delay.p50] = [numberIn('delay'), numberIn('now')];
  const name = groupName(group);
  const sentence = endpointingSentence(result, { asked, now });
  return (
    <ChartCard title={name} note={`cut-offs by delay, of ${showCountOf(group.turns, 'turn')}`}>
      <p>
        <strong>{sentence}</strong>
      </p>
      {result.frontier.length > 0 && (
        <FrontierChart label={`Cut-offs by delay, ${name}. ${sentence}`} {...{ result, now, asked }} />
      )}
      <Listed title="To keep in mind" items={endpointingDoubts(result)} />
      <details class="small">
        <summary>All delays</summary>
        <FrontierTable result={result} name={name} />
      </details>
    </ChartCard>
  );
}

/** What was predicted of a change, and what became of it. */
function Verified({ group, verification }: { group: EndpointingGroup; verification: Verification }) {
  const { before, after } = verification.delay;
  return (
    <ChartCard
      title={groupName(group)}
      note={`${showLimit(before)} → ${showLimit(after)}, of ${showCountOf(group.turns, 'turn')}`}
    >
      <table class="ranking" aria-label={`What became of ${groupName(group)}`}>
        <Head titles={['figure', 'before', 'predicted, 90 %', 'after, 90 %', 'verdict']} />
        <tbody>
          {verifiedLines(verification).map((line) => (
            <tr key={line.name}>
              <th scope="row">{line.name}</th>
              <td>{line.before}</td>
              <td>
                <div>{line.predicted}</div>
                <div class="dim small">{line.predictedInterval}</div>
              </td>
              <td>
                <div>{line.after}</div>
                <div class="dim small">{line.afterInterval}</div>
              </td>
              <td>{line.verdict}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ChartCard>
  );
}

function FrontierTable({ result: { frontier, recommended }, name }: { result: Frontier; name: string }) {
  return (
    <table class="ranking" aria-label={`Delays of ${name}`}>
      <Head titles={['delay', 'saves', 'cut-offs', 'more', '90 % interval']} />
      <tbody>
        {frontier.map(({ delay, saved, cutOffs, more }) => (
          <tr key={delay}>
            <th scope="row">
              {showLimit(delay)}
              {delay === recommended?.delay && ' best'}
            </th>
            <td>{showSeconds(saved.value)}</td>
            <td>{showShare(cutOffs.value)}</td>
            <td>{showShareChange(more.value)}</td>
            <td>{showEnds(more, showShareChange)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

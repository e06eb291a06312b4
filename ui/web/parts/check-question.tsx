import type { ComponentChildren } from 'preact';
import type { CheckAnswer, Choices } from '../../shared/api.ts';
import {
  type CheckedLine,
  checkedLines,
  checkNotes,
  checkSentence,
  FIGURE_NAMES,
  type FigureName,
  inFields,
  LIMIT_FIELDS,
  limitParameter,
  OTHER_FIELDS,
  sloText,
  timeBefore,
} from '../../shared/check.ts';
import { DEFAULT_SINCE, withParameters } from '../../shared/query.ts';
import { useFetched } from '../app/fetching.ts';
import { path, query } from '../app/location.ts';
import { Head, Listed, Working } from './decide-answer.tsx';
import { ChoiceField, questionAddress, TextField } from './decide-fields.tsx';
import { Empty } from './empty.tsx';
import { View } from './view.tsx';

const LIMITS = FIGURE_NAMES.map(limitParameter);
const PARAMETERS = [...LIMITS, 'score', 'baseline', 'tolerance'];
/** What to begin with. */
const EXAMPLE: Readonly<Record<string, string>> = {
  limit_silence_p95: '1500ms',
  limit_interruption_rate: '15%',
  limit_success_rate: '60%',
  limit_cost_per_minute: '0.08',
  limit_unpriced: '0',
};

/** Whether calls are as was promised: limits for their figures, and other calls that none may be worse than. */
export function CheckQuestion({ tabs }: { tabs: ComponentChildren }) {
  const isAsked = [...LIMITS, 'score', 'baseline'].some((name) => query.value.get(name));
  const { data, error, isLoading } = useFetched<CheckAnswer>(
    isAsked ? questionAddress('/api/check', PARAMETERS) : undefined,
  );
  const isKnown = isAsked && data !== undefined && error === undefined;
  return (
    <View
      name="Decide: check"
      error={isAsked && error !== undefined ? inFields(error) : undefined}
      isEmpty={isKnown && data.calls === 0}
    >
      {tabs}
      <section class="card pad decide-form" aria-label="Limits">
        {FIGURE_NAMES.map((name) => {
          const [title, example] = LIMIT_FIELDS[name];
          return <TextField key={name} name={limitParameter(name)} title={title} hint={example} />;
        })}
        <TextField name="score" title={OTHER_FIELDS.score} hint="politeness>=0.8" size={16} />
        <BaselineField />
        {query.value.get('baseline') && (
          <TextField name="tolerance" title={OTHER_FIELDS.tolerance} hint="10%" />
        )}
      </section>
      {!isAsked && <Teach />}
      {isAsked && isLoading && <Working />}
      {isKnown && data.calls > 0 && <Result answer={data} isOld={isLoading} />}
    </View>
  );
}

/** Other calls that none of the figures may be worse than. */
function BaselineField() {
  const { data: choices } = useFetched<Choices>('/api/choices');
  const before = timeBefore(query.value.get('since') ?? DEFAULT_SINCE);
  const own = query.value.get('version');
  const versions = (choices?.version ?? []).filter((version) => version !== own);
  return (
    <ChoiceField
      name="baseline"
      title={OTHER_FIELDS.baseline}
      none="not compared"
      options={[
        ...(before === undefined ? [] : [[before, 'the same time before'] as const]),
        ...versions.map((version) => [`${new URLSearchParams({ version })}`, `version ${version}`] as const),
      ]}
    />
  );
}

const Teach = () => (
  <Empty title="What must hold of the calls?">
    <p>
      Set limits above, or <a href={withParameters(path.value, query.value, EXAMPLE)}>begin with these</a>:
      silence p95 of 1500 ms, 15 % interruptions, 60 % success, $0.08 a minute, everything priced.
    </p>
    <p class="dim">
      <code>earshot check</code> holds the calls of a canary against the same limits in CI.
    </p>
  </Empty>
);

function Result({ answer, isOld }: { answer: CheckAnswer; isOld: boolean }) {
  const given = FIGURE_NAMES.flatMap((name): [FigureName, string][] => {
    const text = query.value.get(limitParameter(name));
    return text ? [[name, text]] : [];
  });
  return (
    <section class={`card pad decide-result ${isOld ? 'is-old' : ''}`} aria-label="What holds">
      <p>
        <strong>{checkSentence(answer)}</strong>
      </p>
      <table class="compare-table">
        <Head
          class="compare-row compare-head"
          titles={['figure', 'is, 95 % interval', 'expected', 'of', 'verdict']}
        />
        <tbody>
          {checkedLines(answer).map((line) => (
            <Line key={`${line.figure} ${line.expected}`} line={line} />
          ))}
        </tbody>
      </table>
      <Listed title="To keep in mind" items={checkNotes(answer)} />
      {given.length > 0 && (
        <details class="small">
          <summary>As a file for CI and Prometheus</summary>
          <pre>{sloText(given)}</pre>
          <p class="dim">
            As <code>earshot.slo.yaml</code>: <code>earshot check --slo earshot.slo.yaml</code> checks it,{' '}
            <code>earshot slo earshot.slo.yaml</code> makes alerts of it.
          </p>
        </details>
      )}
    </section>
  );
}

function Line({ line: { figure, is, interval, expected, of, status, note } }: { line: CheckedLine }) {
  return (
    <tr class="compare-row">
      <th scope="row">{figure}</th>
      <td>
        <div class="nowrap">{is}</div>
        <div class="dim small">{interval}</div>
      </td>
      <td>{expected}</td>
      <td>{of}</td>
      <td>
        <div class={`check-${status}`}>{status}</div>
        <div class="dim small">{note}</div>
      </td>
    </tr>
  );
}

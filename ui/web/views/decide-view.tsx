import type { ComponentChildren, FunctionComponent } from 'preact';
import { withParameters } from '../../shared/query.ts';
import { query } from '../app/location.ts';
import { CheckQuestion } from '../parts/check-question.tsx';
import { EndpointingQuestion } from '../parts/endpointing-question.tsx';
import { WhatIfQuestion } from '../parts/what-if-question.tsx';

type Question = FunctionComponent<{ tabs: ComponentChildren }>;

/** Questions by what the address says; the first goes without saying. */
const QUESTIONS: readonly (readonly [name: string | undefined, title: string, question: Question])[] = [
  [undefined, 'What if', WhatIfQuestion],
  ['endpointing', 'Endpointing', EndpointingQuestion],
  ['check', 'Check', CheckQuestion],
];

/** What a change would do, another model or another delay; and whether calls are as was promised. */
export function DecideView() {
  const asked = query.value.get('question');
  const [name, , Asked] = QUESTIONS.find(([each]) => each === asked) ?? QUESTIONS[0] ?? [];
  const tabs = (
    <nav class="tabs" aria-label="Questions">
      {QUESTIONS.map(([question, title]) => (
        <a
          key={title}
          href={withParameters('/decide', query.value, { question })}
          aria-current={question === name ? 'page' : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
  return Asked === undefined ? null : <Asked tabs={tabs} />;
}

import { type Attributes, diag } from '@opentelemetry/api';
import { isScoreName, MAX_SCORES, SCORE_NAME, SCORE_VALUE, scoreGiven } from '../../model/scores.ts';
import { ATTR } from '../../model/semconv.ts';

/** The scores of one call, as attributes: bounded, and what is left out is said once a call. */
export class CallScores {
  /** Most calls have none. */
  #names: Set<string> | undefined;
  #said = false;

  /** The score, where it can be recorded. */
  attributes(name: unknown, value: unknown): Attributes {
    const score = scoreGiven(name, value);
    if (!isScoreName(name)) this.#complain(`a name of another form, expected ${SCORE_NAME}`);
    else if (score === undefined) this.#complain(`another value of ${name}, expected ${SCORE_VALUE}`);
    else if ((this.#names?.size ?? 0) >= MAX_SCORES && !this.#names?.has(name))
      this.#complain(`more than ${MAX_SCORES} scores`);
    else {
      this.#names ??= new Set();
      this.#names.add(name);
      return { [`${ATTR.score}.${name}`]: score.value ?? score.label ?? '' };
    }
    return {};
  }

  #complain(seen: string): void {
    if (this.#said) return;
    this.#said = true;
    diag.warn(
      `earshot: Call.score: saw ${seen}. It is left out; others of this call that are, without a line.`,
    );
  }
}

import type { Stage } from '../stage.ts';
import { Deadline } from './deadline.ts';
import type { ModelAnswer } from './model-answer.ts';
import { isAbort, type Tap } from './streams.ts';

/** Takes what a model gives into its answer; says whether it was a piece of it, a word or a tool call. */
export type ReadAnswer = (answer: ModelAnswer, piece: unknown) => boolean;

/** One request to a model, from its start to the last piece of the answer. */
export class ModelRequest implements Tap<unknown> {
  readonly stage: Stage;
  readonly #answer: ModelAnswer;
  readonly #read: ReadAnswer;
  readonly #closed: () => void;
  readonly #deadline: Deadline;

  /** @param closed Called when it is over, however it ended. */
  constructor(stage: Stage, answer: ModelAnswer, read: ReadAnswer, closed: () => void = () => {}) {
    this.stage = stage;
    this.#answer = answer;
    this.#read = read;
    this.#closed = closed;
    this.#deadline = new Deadline(() => this.cancel());
  }

  /** The model has said why it stopped. */
  get finished(): boolean {
    return this.#answer.finished;
  }

  see(piece: unknown): void {
    this.#deadline.heard();
    this.#answer.begun = true;
    if (this.#read(this.#answer, piece)) this.stage.firstByte();
  }

  end(): void {
    this.#over(() => this.stage.end(this.#answer.result()));
  }

  cancel(): void {
    // Whoever stops reading at the finish reason has had the whole answer.
    if (this.#answer.finished) this.end();
    else this.#over(() => this.stage.cancel(this.#answer.result()));
  }

  fail(error: unknown): void {
    // A refused request is not billed; one that was given up, or broke while it answered, is.
    const aborted = isAbort(error);
    const result = this.#answer.begun || aborted ? this.#answer.result() : {};
    this.#over(() => (aborted ? this.stage.cancel(result) : this.stage.fail(error, result)));
  }

  #over(finish: () => void): void {
    this.#deadline.over();
    this.#closed();
    if (!this.stage.ended) finish();
  }
}

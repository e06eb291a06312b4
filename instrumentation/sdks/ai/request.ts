import { ATTR } from '../../../model/semconv.ts';
import type { Stage } from '../../call/stage.ts';
import { at } from '../kit/patch.ts';
import { SdkRequest } from '../kit/requests/sdk-request.ts';
import type { AiAnswer } from './answer.ts';

/** One request of the AI SDK to a language model. */
export class AiRequest extends SdkRequest<AiAnswer> {
  readonly #stage: Stage;
  readonly #closed: () => void;

  /** @param closed Called when it is over, however it ended. */
  constructor(stage: Stage, answer: AiAnswer, closed: () => void) {
    super(stage, answer);
    this.#stage = stage;
    this.#closed = closed;
  }

  /** The answer comes in pieces. */
  streams(): void {
    this.#stage.setAttribute(ATTR.requestStream, true);
  }

  override see(part: unknown): void {
    if (at(part, 'type') === 'error') this.fail(at(part, 'error'));
    else super.see(part);
    // Nothing follows the reason to stop, and its listeners end spans that the stage may have adopted.
    if (this.answer.finished) this.end();
  }

  protected override closed(): void {
    this.#closed();
  }
}

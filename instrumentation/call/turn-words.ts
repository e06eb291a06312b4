import type { Span } from '@opentelemetry/api';
import { ATTR } from '../../model/semconv.ts';
import type { StageResult } from './api.ts';
import { appendText, capturesContent } from './content.ts';
import { spokenRequest } from './spoken-request.ts';
import type { Stage } from './stage.ts';

/** What was said in a turn. Scored and compared in this process; written only when content capture is on. */
export class TurnWords {
  #userText: string | undefined;
  #agentText: string | undefined;
  /** What was sent to be spoken: the agent's words where no model gave them, such as a greeting. */
  #spokenText: string | undefined;
  readonly #saidIn = new WeakMap<Stage, string>();

  get userText(): string | undefined {
    return this.#userText;
  }

  get agentText(): string | undefined {
    return this.#agentText ?? this.#spokenText;
  }

  addUserText(text: string): void {
    this.#userText = appendText(this.#userText, text);
  }

  addAgentText(text: string): void {
    this.#agentText = appendText(this.#agentText, text);
  }

  /** A transcript, an answer or what was spoken. */
  saidIn(stage: Stage, { text }: StageResult): void {
    if (!text) return;
    this.#saidIn.set(stage, text);
    if (stage.kind === 'stt') this.addUserText(text);
    else if (stage.kind === 'llm') this.addAgentText(text);
    else if (stage.kind === 'tts') this.#spokenText = appendText(this.#spokenText, text);
  }

  /** The span of the request whose answer was spoken, `none` when there is none; undefined when words do not tell. */
  spokenRequest(stages: readonly Stage[]): string | undefined {
    const request = spokenRequest(stages, (stage) => this.#saidIn.get(stage));
    return typeof request === 'object' ? request.spanId : request;
  }

  writeTo(span: Span, scoreSentiment: (text: string) => number | undefined): void {
    const score = this.#userText === undefined ? undefined : scoreSentiment(this.#userText);
    if (score !== undefined) span.setAttribute(ATTR.sentimentScore, score);
    if (!capturesContent()) return;
    if (this.#userText) span.setAttribute(ATTR.userText, this.#userText);
    if (this.agentText) span.setAttribute(ATTR.agentText, this.agentText);
  }
}

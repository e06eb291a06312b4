import type { Usage } from '../../../model/facts.ts';
import { at, type Foreign, foreign, objects, quantity, text } from '../kit/patch.ts';
import { ModelAnswer } from '../kit/requests/model-answer.ts';
import { gross, known } from '../kit/usage.ts';

/** Reads what Bedrock's Converse says: the events of a stream, or the whole. Amazon's own models speak it everywhere. */
export class ConverseAnswer extends ModelAnswer {
  protected override read(item: Foreign): boolean {
    if (foreign(item.output)) return this.#readWhole(item);
    const started = foreign(at(item, 'contentBlockStart', 'start', 'toolUse'));
    if (started) this.outputCharacters += text(started.name)?.length ?? 0;
    const stopped = text(at(item, 'messageStop', 'stopReason'));
    if (stopped) this.finish(stopped);
    this.usage = readUsage(at(item, 'metadata', 'usage')) ?? this.usage;
    const tier = text(at(item, 'metadata', 'serviceTier', 'type'));
    if (tier) this.serviceTier = tier;
    return this.#readDelta(foreign(at(item, 'contentBlockDelta', 'delta'))) || started !== undefined;
  }

  #readWhole(answer: Foreign): boolean {
    for (const block of objects(at(answer, 'output', 'message', 'content'))) {
      this.say(block.text);
      const input = at(block, 'toolUse', 'input');
      if (input !== undefined) this.outputCharacters += JSON.stringify(input)?.length ?? 0;
      this.outputCharacters += text(at(block, 'reasoningContent', 'reasoningText', 'text'))?.length ?? 0;
    }
    const reason = text(answer.stopReason);
    if (reason) this.finish(reason);
    this.usage = readUsage(answer.usage);
    this.serviceTier = text(at(answer, 'serviceTier', 'type'));
    return true;
  }

  #readDelta(delta: Foreign | undefined): boolean {
    const json = text(at(delta, 'toolUse', 'input'));
    // No one hears what the model thinks.
    this.outputCharacters += (json ?? text(at(delta, 'reasoningContent', 'text')))?.length ?? 0;
    return this.say(delta?.text) || json !== undefined;
  }
}

/** What is read from the cache and written to it is counted apart, which the total shows. */
function readUsage(value: unknown): Usage | undefined {
  const usage = foreign(value);
  return gross(
    known({
      inputTokens: quantity(usage?.inputTokens),
      cachedInputTokens: quantity(usage?.cacheReadInputTokens) ?? quantity(usage?.cacheReadInputTokenCount),
      cacheCreationInputTokens:
        quantity(usage?.cacheWriteInputTokens) ?? quantity(usage?.cacheWriteInputTokenCount),
      outputTokens: quantity(usage?.outputTokens),
    }),
    quantity(usage?.totalTokens),
  );
}

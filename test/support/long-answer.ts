import type { ScriptedAnswer, ScriptedRequest } from '../../demo/simulators/chat.ts';
import { contentText } from '../../demo/simulators/receptionist.ts';

/**
 * For the chat simulator: the last word of the long answer, which the caller of `barge_in` talks over, would come a minute late.
 * However slow the machine is, he does so while it is being made.
 */
export const longAnswerHangs = ({ messages }: ScriptedRequest): ScriptedAnswer =>
  /menu/i.test(contentText(messages.at(-1)?.content))
    ? { tokenMs: (index, { length }) => index * 20 + (index < length - 1 ? 0 : 60_000) }
    : {};

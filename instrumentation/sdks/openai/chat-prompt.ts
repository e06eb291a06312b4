import { at, type Foreign, objects, text } from '../kit/patch.ts';

/** Length of everything that is said in a chat prompt: what tokens are estimated from when none were counted. */
export function promptCharacters(messages: unknown): number {
  let characters = 0;
  for (const message of objects(messages)) {
    const { content, tool_calls } = message;
    if (typeof content === 'string') characters += content.length;
    else for (const part of objects(content)) characters += text(part.text)?.length ?? 0;
    for (const call of objects(tool_calls))
      characters += text(at(call, 'function', 'arguments'))?.length ?? 0;
  }
  return characters;
}

/** A chat prompt in the form of `gen_ai.input.messages`: role and parts, as JSON. Images and audio are only named. */
export function inputMessages(messages: unknown): string | undefined {
  const all = objects(messages);
  return all.length === 0 ? undefined : JSON.stringify(all.map(toInputMessage));
}

function toInputMessage(message: Foreign): object {
  const { role, content, tool_calls, tool_call_id } = message;
  if (role === 'tool')
    return { role, parts: [{ type: 'tool_call_response', id: tool_call_id, response: content }] };
  const said =
    typeof content === 'string'
      ? [{ type: 'text', content }]
      : objects(content).map((part) =>
          part.type === 'text' ? { type: 'text', content: part.text } : { type: part.type },
        );
  const calls = objects(tool_calls).map((call) => ({
    type: 'tool_call',
    id: call.id,
    name: at(call, 'function', 'name'),
    arguments: at(call, 'function', 'arguments'),
  }));
  return { role, parts: [...said, ...calls] };
}

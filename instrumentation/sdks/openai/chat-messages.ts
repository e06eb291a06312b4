import { at, type Foreign, foreign, text } from '../shared/patch.ts';

/** Length of everything that is said in a chat prompt: what tokens are estimated from when none were counted. */
export function messageCharacters(messages: unknown): number {
  let characters = 0;
  for (const message of list(messages)) {
    const { content, tool_calls } = message;
    if (typeof content === 'string') characters += content.length;
    else for (const part of list(content)) characters += text(part.text)?.length ?? 0;
    for (const call of list(tool_calls)) characters += text(at(call, 'function', 'arguments'))?.length ?? 0;
  }
  return characters;
}

/** A chat prompt in the form of `gen_ai.input.messages`: role and parts, as JSON. Images and audio are only named. */
export function inputMessages(messages: unknown): string | undefined {
  const all = list(messages);
  return all.length === 0 ? undefined : JSON.stringify(all.map(toInputMessage));
}

function toInputMessage(message: Foreign): object {
  const { role, content, tool_calls, tool_call_id } = message;
  if (role === 'tool')
    return { role, parts: [{ type: 'tool_call_response', id: tool_call_id, response: content }] };
  const said =
    typeof content === 'string'
      ? [{ type: 'text', content }]
      : list(content).map((part) =>
          part.type === 'text' ? { type: 'text', content: part.text } : { type: part.type },
        );
  const calls = list(tool_calls).map((call) => ({
    type: 'tool_call',
    id: call.id,
    name: at(call, 'function', 'name'),
    arguments: at(call, 'function', 'arguments'),
  }));
  return { role, parts: [...said, ...calls] };
}

const list = (value: unknown): readonly Foreign[] =>
  (Array.isArray(value) ? value : []).flatMap((item: unknown) => {
    const object = foreign(item);
    return object ? [object] : [];
  });

import { type Foreign, foreign, objects } from '../kit/patch.ts';

/** Length of everything that is said in a request: what tokens are estimated from when none were counted. */
export const promptCharacters = (body: Foreign): number =>
  characters(body.system) + characters(body.messages);

function characters(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + characters(item), 0);
  const part = foreign(value);
  if (!part) return 0;
  const { type, text, content, input } = part;
  if (type === 'tool_use') return JSON.stringify(input ?? {}).length;
  return characters(text ?? content);
}

/** A request in the form of `gen_ai.input.messages`: role and parts, as JSON. Images and documents are only named. */
export function inputMessages({ system, messages }: Foreign): string | undefined {
  const said = objects(messages).map(({ role, content }) => ({ role, parts: parts(content) }));
  const all = system === undefined ? said : [{ role: 'system', parts: parts(system) }, ...said];
  return all.length === 0 ? undefined : JSON.stringify(all);
}

function parts(content: unknown): object[] {
  if (typeof content === 'string') return [{ type: 'text', content }];
  return objects(content).map((part) => {
    const { type, id, name, input, tool_use_id } = part;
    if (type === 'text') return { type, content: part.text };
    if (type === 'tool_use') return { type: 'tool_call', id, name, arguments: input };
    if (type === 'tool_result')
      return { type: 'tool_call_response', id: tool_use_id, response: part.content };
    return { type };
  });
}

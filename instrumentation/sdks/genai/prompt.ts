import { type Foreign, foreign, objects, text } from '../kit/patch.ts';

/** Length of what is said in a prompt for Gemini, in whichever of its many forms. */
export const promptCharacters = (params: Foreign): number =>
  contents(params).reduce(
    (sum, { parts }) => sum + parts.reduce((length, part) => length + partCharacters(part), 0),
    0,
  );

/** A prompt for Gemini in the form of `gen_ai.input.messages`: role and parts, as JSON. Media is only named. */
export function inputMessages(params: Foreign): string | undefined {
  const messages = contents(params).map(({ role, parts }) => ({ role, parts: parts.map(toPart) }));
  return messages.length === 0 ? undefined : JSON.stringify(messages);
}

interface Content {
  role: string;
  parts: Foreign[];
}

function contents({ contents: said, config }: Foreign): Content[] {
  const system = toContents(foreign(config)?.systemInstruction).flatMap(({ parts }) => parts);
  return [...(system.length > 0 ? [{ role: 'system', parts: system }] : []), ...toContents(said)];
}

/** A string, a part, a content, or a list of any of them. Loose parts are one message of the user. */
function toContents(value: unknown): Content[] {
  const found: Content[] = [];
  let loose: Foreign[] | undefined;
  for (const item of Array.isArray(value) ? value : [value]) {
    const object = typeof item === 'string' ? { text: item } : foreign(item);
    if (!object) continue;
    if (Array.isArray(object.parts)) {
      loose = undefined;
      found.push({ role: roleOf(object.role), parts: objects(object.parts) });
    } else if (loose) loose.push(object);
    else {
      loose = [object];
      found.push({ role: 'user', parts: loose });
    }
  }
  return found;
}

const roleOf = (role: unknown): string => (role === 'model' ? 'assistant' : (text(role) ?? 'user'));

function toPart(part: Foreign): object {
  const call = foreign(part.functionCall);
  const response = foreign(part.functionResponse);
  if (call) return { type: 'tool_call', id: call.id, name: call.name, arguments: call.args };
  if (response) return { type: 'tool_call_response', id: response.id, response: response.response };
  if (typeof part.text === 'string') return { type: 'text', content: part.text };
  return { type: Object.keys(part)[0] ?? 'unknown' };
}

function partCharacters(part: Foreign): number {
  const said = text(part.text)?.length;
  const data = foreign(part.functionCall)?.args ?? foreign(part.functionResponse)?.response;
  return said ?? (data === undefined ? 0 : (JSON.stringify(data)?.length ?? 0));
}

import { type Foreign, objects, text } from '../kit/patch.ts';

/**
 * Length of everything that is said in the prompt of a response; undefined when a part of it lies with the provider
 * (`previous_response_id`, a conversation, a stored prompt).
 */
export function promptCharacters(body: Foreign): number | undefined {
  if (body.previous_response_id || body.conversation || body.prompt) return undefined;
  let characters = text(body.instructions)?.length ?? 0;
  if (typeof body.input === 'string') characters += body.input.length;
  else for (const item of objects(body.input)) characters += itemCharacters(item);
  return characters;
}

function itemCharacters({ content, output, arguments: json }: Foreign): number {
  let characters = 0;
  for (const said of [content, output, json]) {
    if (typeof said === 'string') characters += said.length;
    else for (const part of objects(said)) characters += text(part.text)?.length ?? 0;
  }
  return characters;
}

/** The prompt in the form of `gen_ai.input.messages`: role and parts, as JSON. Images and audio are only named. */
export function inputMessages({ instructions, input }: Foreign): string | undefined {
  const messages: object[] = [];
  if (typeof instructions === 'string') messages.push(message('system', instructions));
  if (typeof input === 'string') messages.push(message('user', input));
  else messages.push(...objects(input).map(toMessage));
  return messages.length === 0 ? undefined : JSON.stringify(messages);
}

const message = (role: unknown, content: string): object => ({ role, parts: [{ type: 'text', content }] });

function toMessage(item: Foreign): object {
  const { type, role, content, call_id: id, name, arguments: json, output } = item;
  if (type === 'function_call')
    return { role: 'assistant', parts: [{ type: 'tool_call', id, name, arguments: json }] };
  if (type === 'function_call_output')
    return { role: 'tool', parts: [{ type: 'tool_call_response', id, response: output }] };
  if (typeof content === 'string') return message(role, content);
  const parts = objects(content).map((part) =>
    typeof part.text === 'string' ? { type: 'text', content: part.text } : { type: part.type },
  );
  return role === undefined ? { role: 'assistant', parts: [{ type }] } : { role, parts };
}

import { at, type Foreign, objects, text } from '../kit/patch.ts';

/** Length of what is said in a prompt of the AI SDK; undefined when the application has it kept from telemetry. */
export function promptCharacters(event: Foreign): number | undefined {
  if (event.recordInputs === false) return undefined;
  let characters = 0;
  for (const message of prompt(event)) {
    if (typeof message.content === 'string') characters += message.content.length;
    else for (const part of objects(message.content)) characters += partCharacters(part);
  }
  return characters;
}

/** A prompt of the AI SDK in the form of `gen_ai.input.messages`: role and parts, as JSON. Files are only named. */
export function inputMessages(event: Foreign): string | undefined {
  const messages = event.recordInputs === false ? [] : prompt(event);
  if (messages.length === 0) return undefined;
  return JSON.stringify(
    messages.map(({ role, content }) => ({
      role,
      parts: typeof content === 'string' ? [{ type: 'text', content }] : objects(content).map(toPart),
    })),
  );
}

/** The instructions, in whichever of their forms, and the messages. */
function prompt(event: Foreign): Foreign[] {
  const { instructions } = event;
  const system =
    typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : objects(instructions);
  return [...system, ...objects(event.messages)];
}

function toPart(part: Foreign): object {
  switch (part.type) {
    case 'text':
      return { type: 'text', content: part.text };
    case 'tool-call':
      return { type: 'tool_call', id: part.toolCallId, name: part.toolName, arguments: part.input };
    case 'tool-result':
      return { type: 'tool_call_response', id: part.toolCallId, response: at(part, 'output', 'value') };
    default:
      return { type: part.type };
  }
}

function partCharacters(part: Foreign): number {
  switch (part.type) {
    case 'text':
      return text(part.text)?.length ?? 0;
    case 'tool-call':
      return jsonLength(part.input);
    case 'tool-result':
      return jsonLength(at(part, 'output', 'value'));
    default:
      return 0;
  }
}

const jsonLength = (value: unknown): number =>
  typeof value === 'string' ? value.length : (JSON.stringify(value)?.length ?? 0);

import { type Foreign, foreign, objects, text } from '../kit/patch.ts';

/** Length of everything that is said in a request to Converse: what tokens are estimated from when none were counted. */
export const promptCharacters = ({ system, messages }: Foreign): number =>
  [...objects(system), ...objects(messages).flatMap(({ content }) => objects(content))].reduce(
    (sum, block) => sum + blockCharacters(block),
    0,
  );

function blockCharacters(block: Foreign): number {
  const data = foreign(block.toolUse)?.input ?? foreign(block.toolResult)?.content;
  return text(block.text)?.length ?? (data === undefined ? 0 : (JSON.stringify(data)?.length ?? 0));
}

/** A request in the form of `gen_ai.input.messages`: role and parts, as JSON. Images and documents are only named. */
export function inputMessages({ system, messages }: Foreign): string | undefined {
  const instructions = objects(system);
  const said = objects(messages).map(({ role, content }) => ({ role, parts: objects(content).map(toPart) }));
  const all = instructions.length > 0 ? [{ role: 'system', parts: instructions.map(toPart) }, ...said] : said;
  return all.length === 0 ? undefined : JSON.stringify(all);
}

function toPart(block: Foreign): object {
  const call = foreign(block.toolUse);
  const result = foreign(block.toolResult);
  if (call) return { type: 'tool_call', id: call.toolUseId, name: call.name, arguments: call.input };
  if (result) return { type: 'tool_call_response', id: result.toolUseId, response: result.content };
  if (typeof block.text === 'string') return { type: 'text', content: block.text };
  return { type: Object.keys(block)[0] ?? 'unknown' };
}

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** The parameters of a tool that a request offers; undefined when it does not. */
export function toolNamed(tools: readonly unknown[], name: string): Schema | undefined {
  for (const tool of tools) {
    const offered = isSchema(tool) && isSchema(tool.function) ? tool.function : undefined;
    if (offered?.name === name) return isSchema(offered.parameters) ? offered.parameters : {};
  }
  return undefined;
}

/** Arguments that fit the parameters of a tool: what it was called with is in no file. */
export function argumentsFor({ properties, required }: Schema): Record<string, unknown> {
  if (!isSchema(properties)) return {};
  const needed = Array.isArray(required) ? required : Object.keys(properties);
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) =>
      needed.includes(name) ? [[name, valueFor(isSchema(schema) ? schema : {})]] : [],
    ),
  );
}

function valueFor({ type, enum: choices, default: given, ...schema }: Schema): unknown {
  if (given !== undefined) return given;
  if (Array.isArray(choices)) return choices[0];
  switch (Array.isArray(type) ? type[0] : type) {
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? schema.minimum : 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return argumentsFor(schema);
    default:
      return 'replay';
  }
}

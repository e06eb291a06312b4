// What the restaurant knows. A real one would ask its reservation system here.
const CLOSES = { sunday: 'nine', monday: undefined };

const definitions = {
  get_opening_hours: {
    description: 'When the restaurant opens and closes on a day of the week.',
    parameters: { day: { type: 'string', description: 'For example sunday' } },
    run: ({ day }) => {
      const name = String(day).toLowerCase();
      return name === 'monday'
        ? { day: name, open: false }
        : { day: name, opens: 'noon', closes: CLOSES[name] ?? 'ten' };
    },
  },
  check_availability: {
    description: 'Whether there is a free table.',
    parameters: {
      people: { type: 'integer', description: 'How many people' },
      time: { type: 'string', description: 'For example 19:00' },
    },
    run: ({ people, time }) => ({ people, time, available: Number(people) <= 6 }),
  },
};

export const tools = Object.entries(definitions).map(([name, { description, parameters }]) => ({
  type: 'function',
  function: {
    name,
    description,
    parameters: { type: 'object', properties: parameters, required: Object.keys(parameters) },
  },
}));

export async function runTool(name, json) {
  try {
    const tool = definitions[name];
    return tool ? await tool.run(JSON.parse(json || '{}')) : { error: `There is no tool ${name}` };
  } catch (error) {
    return { error: error.message };
  }
}

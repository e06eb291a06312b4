import { type CallFilter, callCondition, type SqlPart } from '../filter.ts';

/** Which calls a view is about: as for every reader of rows, and what only the page asks. What is absent does not choose. */
export interface CallSelection extends CallFilter {
  direction?: string;
  channel?: string;
  /** Calls whose id has this in it, in small or capital letters. */
  idPart?: string;
  /** A turn of the call was silent for so long or longer, and for less, in seconds. */
  silenceFrom?: number;
  silenceTo?: number;
  /** Only calls with some of it. */
  unanswered?: boolean;
  failed?: boolean;
}

/** The parameters of a statement under construction. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds one and gives its place. */
  add(value: unknown, type = 'text'): string {
    return `$${this.values.push(value)}::${type}`;
  }
}

/** SQL: the conditions on `call_metrics m`; `true` when there are none. */
export function conditionsOf(selection: CallSelection, parameters: Parameters): string {
  const { sql, params } = callCondition(selection, parameters.values.length + 1);
  parameters.values.push(...params);
  const conditions = [sql];
  const { direction, channel, idPart } = selection;
  if (direction !== undefined) conditions.push(`m.direction = ${parameters.add(direction)}`);
  if (channel !== undefined) conditions.push(`m.channel = ${parameters.add(channel)}`);
  if (idPart !== undefined) conditions.push(hasPart(idPart, parameters));
  const { silenceFrom, silenceTo } = selection;
  // What the row says without its turns: of few calls one has to look at these.
  if (silenceFrom !== undefined)
    conditions.push(`m.eou_latency_max >= ${parameters.add(silenceFrom, 'double precision')}`);
  if (silenceTo !== undefined)
    conditions.push(`m.eou_latency_min < ${parameters.add(silenceTo, 'double precision')}`);
  if (selection.unanswered) conditions.push('m.unanswered_count > 0');
  for (const condition of turnConditions(selection, parameters))
    conditions.push(
      `EXISTS (SELECT FROM :schema.call_logs l WHERE l.tenant = m.tenant AND l.call_id = m.call_id AND ${condition})`,
    );
  return conditions.join('\n  AND ');
}

/** The same with its parameters, which are the first of a statement. */
export function selectionCondition(selection: CallSelection): SqlPart {
  const parameters = new Parameters();
  return { sql: conditionsOf(selection, parameters), params: parameters.values };
}

/** SQL: the id of the call `m` has this in it, in small or capital letters. */
export const hasPart = (idPart: string, parameters: Parameters): string =>
  `position(lower(${parameters.add(idPart)}) IN lower(m.call_id)) > 0`;

/** Each on one turn of the call, `l`. */
function turnConditions({ silenceFrom, silenceTo, failed }: CallSelection, parameters: Parameters): string[] {
  const silence = [
    ...(silenceFrom === undefined
      ? []
      : [`l.eou_latency >= ${parameters.add(silenceFrom, 'double precision')}`]),
    ...(silenceTo === undefined ? [] : [`l.eou_latency < ${parameters.add(silenceTo, 'double precision')}`]),
  ];
  return [
    ...(silence.length === 0 ? [] : [silence.join(' AND ')]),
    ...(failed ? ['l.error_type IS NOT NULL'] : []),
  ];
}

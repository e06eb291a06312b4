import { type CallKey, type Database, findCalls, partsOf } from '../../exporter/store/index.ts';
import { safeText } from '../../model/safe-text.ts';
import { CommandError, UsageError } from '../command.ts';

/** As a narrow table cuts an id: `CAc74d97b01…`. */
const CUT = /(…|\.\.\.)$/;

/**
 * The call that an id, or the beginning of one, means.
 *
 * @param going - also one that goes on. (Default: finished ones only.)
 * @throws CommandError when there is none, or several. UsageError when nothing is given of it.
 */
export async function findCall(
  db: Database,
  given: string,
  tenants: readonly string[] | undefined,
  going = false,
): Promise<CallKey> {
  const id = given.replace(CUT, '');
  if (id === '') throw new UsageError('saw no id of a call. earshot report lists those there are.');
  const { finished, running } = await findCalls(db, id, tenants);
  const found = [...finished, ...(going ? running : [])];
  const [key] = found;
  if (key === undefined)
    throw new CommandError(
      `there is no finished call "${safeText(given)}", and none whose id begins so. earshot report lists those there are.`,
    );
  const { callId } = partsOf(key);
  if (found.length > 1 && found.every((each) => partsOf(each).callId === callId))
    throw new CommandError(
      `several tenants have a call ${safeText(callId)}: ${found.map((each) => safeText(partsOf(each).tenant)).join(', ')}. Choose one with --tenant.`,
    );
  if (found.length > 1)
    throw new CommandError(
      `several calls begin with "${safeText(given)}": ${found
        .slice(0, 5)
        .map((each) => safeText(partsOf(each).callId))
        .join(', ')}${found.length > 5 ? ', …' : ''}. Give more of the id.`,
    );
  return key;
}

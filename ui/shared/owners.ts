import { type OwnedSilence, ownerName } from '../../model/owners.ts';
import { apportion } from './apportion.ts';

/** So many owners are named; the rest are others. */
const MOST_OWNERS = 6;

/** Owners with their shares, which add up to a hundred: `endpointing setting 38 %`. */
export function ownerParts(owners: readonly OwnedSilence[]): string[] {
  const shares = apportion(
    owners.map(({ seconds }) => seconds),
    100,
  );
  const others = shares.slice(MOST_OWNERS).reduce((sum, share) => sum + share, 0);
  return [
    ...owners
      .slice(0, MOST_OWNERS)
      .flatMap((owner, index) => (shares[index] ? [`${ownerName(owner)} ${shares[index]} %`] : [])),
    ...(others > 0 ? [`others ${others} %`] : []),
  ];
}

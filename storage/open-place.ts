import { type BucketAddress, S3Bucket } from './bucket.ts';
import { Folder, type FolderOptions } from './folder.ts';
import type { Place } from './place.ts';

/** What S3 needs, and most who run this do not. */
const PACKAGE = '@aws-sdk/client-s3';
const SCHEME = 's3://';
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Of a request, and of the connection that it needs. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true };
/** A store that cannot be used. The message says what was seen, and what to do. */
export class PlaceError extends Error {
  override name = 'PlaceError';
  readonly code = 'EARSHOT_PLACE';
}

/** Whether a text is an address (`s3://…`, and `s3:/…`, which is meant to be one), and no path of a folder. */
export const isAddress = (text: string): boolean => /^(?:s3:|[a-z][a-z0-9+.-]+:\/\/)/i.test(text);

/**
 * Opens a folder of this machine, or what `s3://bucket/prefix` names: with the region, endpoint and credentials that the AWS
 * SDK finds by its usual variables and files. Nothing is asked of it yet.
 * @throws PlaceError for another address, a name that no bucket has, or where the package for S3 is not installed.
 */
export async function openPlace(text: string, options?: FolderOptions): Promise<Place> {
  return isAddress(text) ? openBucket(addressIn(text)) : new Folder(text, options);
}

/** @throws PlaceError */
function addressIn(text: string): BucketAddress {
  const named = text.startsWith(SCHEME) ? text.slice(SCHEME.length) : '';
  const [bucket = '', ...parts] = withoutEndSlashes(named).split('/');
  if (!BUCKET.test(bucket))
    throw new PlaceError(`saw ${shown(text)}, expected a folder or s3://BUCKET/PREFIX`);
  if (parts[0] === '' || parts.some((part) => part === '.' || part === '..'))
    throw new PlaceError(`saw ${shown(text)}, expected a prefix without ., .. or //`);
  return { bucket, prefix: parts.join('/') };
}

/** Without the user and password that an address of something else may have. */
const shown = (address: string): string => address.replace(/^([^/]*\/\/).*@/s, '$1…@').slice(0, 200);

/** The name of a folder or a bucket, without the slashes at its end. */
export function withoutEndSlashes(name: string): string {
  let end = name.length;
  while (name[end - 1] === '/') end -= 1;
  return name.slice(0, end);
}

async function openBucket(address: BucketAddress): Promise<S3Bucket> {
  const { S3 } = await load();
  const { env } = process;
  // A store that is not Amazon's has buckets by path, one region, and may know none of the newer checksums.
  const isOther = Boolean(env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || (isOther ? 'us-east-1' : undefined);
  const s3 = new S3({
    ...(region !== undefined && { region }),
    ...(isOther && { forcePathStyle: true }),
    ...(isOther && !env.AWS_REQUEST_CHECKSUM_CALCULATION && { requestChecksumCalculation: 'WHEN_REQUIRED' }),
    ...(isOther && !env.AWS_RESPONSE_CHECKSUM_VALIDATION && { responseChecksumValidation: 'WHEN_REQUIRED' }),
    requestHandler: TIMEOUTS,
  });
  return new S3Bucket(s3, address);
}

async function load(): Promise<typeof import('@aws-sdk/client-s3')> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new PlaceError(`s3:// needs a package that is not installed: npm install ${PACKAGE}@3`);
  }
}

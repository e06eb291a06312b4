/** Characters. */
const MAX_LENGTH = 2_048;

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 's3:']);

/** Parameters of signed links and keys, in any spelling: a reader of the row could fetch the recording with them. */
const CREDENTIAL =
  /^(x-amz-|x-goog-|x-ms-)|^(awsaccesskeyid|googleaccessid|signature|sig|se|sp|policy|key-pair-id|key|auth|jwt)$|token|secret|password|credential|api-?_?key/i;

/** What an address of a recording may be, in words. */
export const RECORDING_URL = `an address with http, https or s3, of at most ${MAX_LENGTH} characters, without a password, a key or a signature in it`;

/**
 * The address of a recording, as it is kept in a row. Undefined for anything but an `http`, `https` or `s3` URL, and for
 * one that holds credentials: a user or password, or the parameters of a signed link.
 */
export function recordingUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (!SCHEMES.has(url.protocol) || url.hostname === '') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  const names = [...url.searchParams.keys(), ...new URLSearchParams(url.hash.slice(1)).keys()];
  return names.some((name) => CREDENTIAL.test(name)) ? undefined : url.href;
}

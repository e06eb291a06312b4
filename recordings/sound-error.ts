/** A file is no recording that can be heard: the message says what was seen and what to do. */
export class SoundError extends Error {
  override name = 'SoundError';
}

/** How bytes of audio become seconds. */
export interface AudioFormat {
  /** What stands in front of the samples. */
  readonly headerBytes: number;
  /** Absent: compressed or not known; its bytes tell no time. */
  readonly bytesPerSecond?: number | undefined;
}

/** RIFF, `fmt ` and `data` headers in front of the samples. */
const WAV_HEADER_BYTES = 44;

export const UNTIMED: AudioFormat = { headerBytes: 0 };

const BYTES_PER_SAMPLE: Readonly<Record<string, number>> = {
  pcm: 2,
  pcm_s16le: 2,
  pcm_s32le: 4,
  pcm_f16le: 2,
  pcm_f32le: 4,
  pcm_mulaw: 1,
  pcm_alaw: 1,
  linear16: 2,
  linear32: 4,
  mulaw: 1,
  ulaw: 1,
  alaw: 1,
};

/** Of raw audio, by the names that providers give to encodings; undefined for compressed audio and for what is not known. */
export const bytesPerSample = (encoding: unknown): number | undefined => BYTES_PER_SAMPLE[String(encoding)];

/** Samples and nothing else. */
export function rawAudio(sampleRate: unknown, sampleBytes: number | undefined): AudioFormat {
  const rate = Number(sampleRate);
  return rate > 0 && sampleBytes !== undefined
    ? { headerBytes: 0, bytesPerSecond: rate * sampleBytes }
    : UNTIMED;
}

/** The same behind the usual header. */
export const wavAudio = (sampleRate: unknown, sampleBytes: number | undefined): AudioFormat => ({
  ...rawAudio(sampleRate, sampleBytes),
  headerBytes: WAV_HEADER_BYTES,
});

/** Bytes a second of raw audio of one channel; undefined for containers and compressed audio, whose length bytes do not tell. */
export const rawBytesPerSecond = (encoding: unknown, sampleRate: unknown): number | undefined =>
  rawAudio(sampleRate, bytesPerSample(encoding)).bytesPerSecond;

/** Seconds of audio in so many bytes; undefined when the format does not tell. 24,044 bytes of WAV at 24,000 a second are 1 s. */
export const audioSeconds = (
  { headerBytes, bytesPerSecond }: AudioFormat,
  bytes: number,
): number | undefined =>
  bytesPerSecond === undefined ? undefined : Math.max(0, bytes - headerBytes) / bytesPerSecond;

/** How much of a WAV file to read for {@link readWavHeader}. */
export const WAV_HEAD_BYTES = 512;

/** The format that a WAV file names in its head; undefined when `head` is of no WAV file, or ends too early. */
export function readWavHeader(head: Uint8Array): AudioFormat | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const name = (at: number): string => String.fromCharCode(...head.subarray(at, at + 4));
  if (head.byteLength < WAV_HEADER_BYTES || name(0) !== 'RIFF' || name(8) !== 'WAVE') return undefined;
  let bytesPerSecond: number | undefined;
  for (let chunk = 12; chunk + 8 <= head.byteLength; ) {
    if (name(chunk) === 'data') return { headerBytes: chunk + 8, bytesPerSecond };
    // Rate, channels and sample size come to the third field: bytes a second.
    if (name(chunk) === 'fmt ' && chunk + 20 <= head.byteLength)
      bytesPerSecond = view.getUint32(chunk + 16, true) || undefined;
    const size = view.getUint32(chunk + 4, true);
    chunk += 8 + size + (size % 2);
  }
  return undefined;
}

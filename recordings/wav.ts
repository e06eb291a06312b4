/** Samples a second, of each side: what a telephone has. */
export const SAMPLE_RATE = 8_000;
/** Left the caller, right the agent, one byte each. */
export const BYTES_PER_SAMPLE = 2;
export const WAV_HEADER_BYTES = 58;
/** Silence in mu-law. */
export const SILENT = 0xff;

const MULAW = 7;
const FORMAT_BYTES = 18;

/** How many whole samples a file of so many bytes has. */
export const samplesIn = (fileBytes: number): number =>
  Math.max(0, Math.floor((fileBytes - WAV_HEADER_BYTES) / BYTES_PER_SAMPLE));

/**
 * The head of a WAV file of so many samples: two channels of mu-law at 8 kHz, as they came, so that nothing is lost and
 * nothing has to be computed while a call goes on.
 */
export function wavHeader(samples: number): Buffer {
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  const dataBytes = samples * BYTES_PER_SAMPLE;
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(FORMAT_BYTES, 16);
  header.writeUInt16LE(MULAW, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(8, 34);
  header.write('fact', 38, 'latin1');
  header.writeUInt32LE(4, 42);
  header.writeUInt32LE(samples, 46);
  header.write('data', 50, 'latin1');
  header.writeUInt32LE(dataBytes, 54);
  return header;
}

/** How far a byte of mu-law is from silence, 0 to 255: the louder half of 16 bits. */
export const LOUDNESS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const bits = ~byte & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4);
  return Math.min(255, (magnitude - 0x84) >> 7);
});

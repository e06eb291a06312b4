import protobuf from 'protobufjs/minimal.js';
import { isPlausibleInstant } from '../../../model/plausible.ts';
import type { RecordingHeader } from '../../dialects/livekit-report.ts';
import { MalformedError } from '../decode/limits.ts';

/** Longest id that is taken as one. */
const MAX_ID = 512;
const field = (number: number, wireType: 0 | 2) => (number << 3) | wireType;

/**
 * Reads a `livekit.MetricsRecordingHeader` (`livekit_metrics.proto`).
 * @throws MalformedError when it is none, or names no job.
 */
export function readHeader(bytes: Buffer): RecordingHeader {
  const header: { -readonly [K in keyof RecordingHeader]: RecordingHeader[K] } = { jobId: '' };
  try {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === field(3, 0)) header.durationSeconds = Number(reader.uint64()) / 1_000;
      else if (tag === field(4, 2)) {
        const startUs = timestamp(reader, reader.uint32());
        if (startUs > 0) header.startUs = startUs;
      } else if (tag === field(8, 2)) header.jobId = reader.string();
      else if (tag === field(10, 0)) header.redacted = reader.bool();
      else if (tag === field(11, 2)) header.summary = reader.string();
      else reader.skipType(tag & 7);
    }
  } catch (cause) {
    throw new MalformedError('header: not a recording header', { cause });
  }
  const { jobId, startUs, durationSeconds = 0 } = header;
  if (jobId === '' || jobId.length > MAX_ID || jobId.includes('\0'))
    throw new MalformedError('header, job_id: expected the id of a job');
  if (startUs !== undefined && !isPlausibleInstant(startUs))
    throw new MalformedError('header, start_time: expected an instant');
  if (!(durationSeconds > 0)) delete header.durationSeconds;
  return header;
}

/** A `google.protobuf.Timestamp`, in microseconds. */
function timestamp(reader: protobuf.Reader, length: number): number {
  const end = reader.pos + length;
  let [seconds, nanos] = [0, 0];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === field(1, 0)) seconds = Number(reader.int64());
    else if (tag === field(2, 0)) nanos = reader.int32();
    else reader.skipType(tag & 7);
  }
  return seconds * 1e6 + Math.round(nanos / 1e3);
}

import { MetricsRecordingHeader } from '@livekit/protocol';
import { livekitToken } from './token.ts';

/** Sends a body to one of the endpoints. */
export const upload = (
  url: string,
  kind: 'traces/otlp' | 'logs/otlp' | 'metrics/otlp' | 'recordings',
  body: string | Uint8Array<ArrayBuffer> | FormData,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(`${url}/observability/${kind}/v0`, {
    method: 'POST',
    headers: { authorization: `Bearer ${livekitToken()}`, ...headers },
    body,
  });

/** A page of Ogg, which is all that Opus is packed in here. */
function oggPage(position: bigint, payload: Buffer): Buffer {
  const head = Buffer.alloc(28);
  head.write('OggS', 0, 'latin1');
  head.writeBigInt64LE(position, 6);
  head.writeUInt8(1, 26);
  head.writeUInt8(Math.min(255, payload.length), 27);
  return Buffer.concat([head, payload]);
}

/** What looks like a recording of so many seconds and, about, so many bytes. */
export function oggOpus(seconds: number, bytes = 2_000): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8(2, 9);
  head.writeUInt16LE(312, 10);
  const filler = Array.from({ length: Math.ceil(bytes / 228) }, () => oggPage(-1n, Buffer.alloc(200, 0x55)));
  const last = oggPage(BigInt(Math.round(seconds * 48_000) + 312), Buffer.alloc(50));
  return Buffer.concat([oggPage(0n, head), ...filler, last]);
}

export interface Recorded {
  jobId: string;
  startMs?: number;
  durationMs?: number;
  redacted?: boolean;
  history?: unknown;
  audio?: Uint8Array<ArrayBuffer>;
  /** Of the files, which must not be looked at. */
  fileName?: string;
}

export const recordingHeader = ({ jobId, startMs, durationMs, redacted }: Recorded): Buffer =>
  Buffer.from(
    new MetricsRecordingHeader({
      jobId,
      roomId: 'RM_1',
      duration: BigInt(durationMs ?? 0),
      redactionEnabled: redacted ?? false,
      ...(startMs !== undefined && {
        startTime: { seconds: BigInt(Math.floor(startMs / 1e3)), nanos: (startMs % 1e3) * 1e6 },
      }),
    }).toBinary(),
  );

/** The form in which a session is uploaded. */
export function recordingForm(recorded: Recorded): FormData {
  const form = new FormData();
  const { history, audio, fileName } = recorded;
  const add = (name: string, file: string, type: string, bytes: string | Uint8Array<ArrayBuffer>) =>
    form.append(name, new Blob([bytes], { type }), fileName ?? file);
  add('header', 'header.binpb', 'application/protobuf', new Uint8Array(recordingHeader(recorded)));
  if (history !== undefined)
    add('chat_history', 'chat_history.json', 'application/json', JSON.stringify(history));
  if (audio !== undefined) add('audio', 'recording.ogg', 'audio/ogg', audio);
  return form;
}

import protobuf from 'protobufjs/minimal.js';

/** The two encodings of OTLP/HTTP. */
export type Encoding = 'protobuf' | 'json';

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** `google.rpc.Code` for the HTTP statuses that are answered with a `google.rpc.Status`. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  404: 5, // NOT_FOUND
  408: 4, // DEADLINE_EXCEEDED
  413: 8, // RESOURCE_EXHAUSTED
  503: 14, // UNAVAILABLE
};
const RPC_INVALID_ARGUMENT = 3;

/** A request that is answered with an error. `message` goes to the sender: it says what to do and quotes nothing. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A client that is told to come back later does so after this many seconds. */
export function unavailable(message: string, retryAfterSeconds = 1): HttpError {
  return new HttpError(503, message, { 'retry-after': String(retryAfterSeconds) });
}

/** An `ExportTraceServiceResponse`; those of metrics and logs have the same bytes when they are empty. */
export function encodeResponse(encoding: Encoding, rejectedSpans = 0, message = ''): Buffer {
  if (encoding === 'json') {
    // 64-bit integers are strings in protobuf's JSON.
    const partialSuccess = { rejectedSpans: String(rejectedSpans), errorMessage: message };
    return Buffer.from(JSON.stringify(rejectedSpans === 0 ? {} : { partialSuccess }));
  }
  const writer = protobuf.Writer.create();
  if (rejectedSpans > 0) {
    writer.uint32((1 << 3) | 2).fork();
    writer.uint32(1 << 3).int64(rejectedSpans);
    writer.uint32((2 << 3) | 2).string(message);
    writer.ldelim();
  }
  return Buffer.from(writer.finish());
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** A `google.rpc.RetryInfo` as the detail of a status: LiveKit's SDKs send a recording again only where they find one. */
function retryInfo(writer: protobuf.Writer, seconds: number): void {
  writer.uint32((3 << 3) | 2).fork();
  writer.uint32((1 << 3) | 2).string(RETRY_INFO);
  writer.uint32((2 << 3) | 2).fork();
  writer.uint32((1 << 3) | 2).fork();
  writer.uint32(1 << 3).int64(seconds);
  writer.ldelim().ldelim().ldelim();
}

/** A `google.rpc.Status`. */
export function encodeStatus(encoding: Encoding, { status, message, headers }: HttpError): Buffer {
  const code = RPC_CODES[status] ?? RPC_INVALID_ARGUMENT;
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  const writer = protobuf.Writer.create();
  writer.uint32(1 << 3).int32(code);
  writer.uint32((2 << 3) | 2).string(message);
  const retryAfter = Number(headers['retry-after']);
  if (retryAfter > 0) retryInfo(writer, retryAfter);
  return Buffer.from(writer.finish());
}

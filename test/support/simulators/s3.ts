import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** Of all parts of an upload but the last. */
const LEAST_PART_BYTES = 5 << 20;

interface StoredObject {
  readonly bytes: Buffer;
  readonly modified: Date;
}

/** What goes wrong with the next request of a kind: before it has done anything, or when only its answer is missing. */
export interface Fault {
  readonly method: string;
  readonly when: 'before' | 'after';
}

/** A store that speaks S3's protocol, in memory. */
export interface S3Simulator {
  readonly bucket: string;
  /** What a process needs in its environment to find it. */
  readonly env: Readonly<Record<string, string>>;
  readonly objects: Map<string, StoredObject>;
  /** Uploads in parts that have not come to their end. */
  readonly uploads: ReadonlyMap<string, ReadonlyMap<number, Buffer>>;
  /** Each request as `METHOD key?operation`. */
  readonly requests: readonly string[];
  /** How many parts each object came in that came in parts. */
  readonly partsOf: ReadonlyMap<string, number>;
  fail(fault: Fault): void;
}

/** Starts a store with one bucket. Lists have few entries a page, so that there is a second one. */
export async function startS3(t: TestContext, pageSize = 3): Promise<S3Simulator> {
  const bucket = 'recordings-of-tests';
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const partsOf = new Map<string, number>();
  const requests: string[] = [];
  const faults: Fault[] = [];

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://store');
    const [, name = '', ...rest] = pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    requests.push(
      `${request.method} ${key}${query.size > 0 ? `?${[...query.keys()].sort().join('&')}` : ''}`,
    );
    const fault = faults.findIndex(({ method }) => method === request.method);
    const [failing] = fault < 0 ? [] : faults.splice(fault, 1);
    if (failing?.when === 'before') return refuse(response, 503, 'SlowDown');
    if (!/^AWS4-HMAC-SHA256 Credential=test\//.test(request.headers.authorization ?? ''))
      return refuse(response, 403, 'AccessDenied');
    if (name !== bucket) return refuse(response, 404, 'NoSuchBucket');
    const answer = failing === undefined ? response : undefined;
    handle(request, key, query, Buffer.concat(chunks), answer);
    if (answer === undefined) response.destroy();
  });

  function handle(
    request: IncomingMessage,
    key: string,
    query: URLSearchParams,
    body: Buffer,
    response: ServerResponse | undefined,
  ): unknown {
    const { method = '', headers } = request;
    const uploadId = query.get('uploadId');
    if (method === 'GET' && query.has('list-type')) return list(query, response);
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID();
      uploads.set(id, new Map());
      return sendXml(
        response,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (uploadId !== null) return multipart(method, key, uploadId, query, body, response);
    const stored = objects.get(key);
    if (method === 'PUT') {
      if (headers['if-none-match'] === '*' && stored !== undefined)
        return refuse(response, 412, 'PreconditionFailed');
      const source = headers['x-amz-copy-source'];
      const copied = typeof source === 'string' ? objects.get(sourceKey(source)) : undefined;
      if (source !== undefined && copied === undefined) return refuse(response, 404, 'NoSuchKey');
      objects.set(key, { bytes: copied?.bytes ?? body, modified: new Date() });
      return source === undefined
        ? void response?.writeHead(200, { etag: etag(body) }).end()
        : sendXml(response, `<CopyObjectResult><ETag>${etag(body)}</ETag></CopyObjectResult>`);
    }
    if (method === 'DELETE') {
      objects.delete(key);
      return response?.writeHead(204).end();
    }
    if (stored === undefined) return refuse(response, 404, 'NoSuchKey');
    get(method, headers.range, stored, response);
  }

  function multipart(
    method: string,
    key: string,
    id: string,
    query: URLSearchParams,
    body: Buffer,
    response: ServerResponse | undefined,
  ): unknown {
    const parts = uploads.get(id);
    if (parts === undefined) return refuse(response, 404, 'NoSuchUpload');
    if (method === 'PUT') {
      parts.set(Number(query.get('partNumber')), body);
      return response?.writeHead(200, { etag: etag(body) }).end();
    }
    if (method === 'POST') {
      const all = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
      if (all.slice(0, -1).some(({ length }) => length < LEAST_PART_BYTES))
        return refuse(response, 400, 'EntityTooSmall');
      objects.set(key, { bytes: Buffer.concat(all), modified: new Date() });
      partsOf.set(key, all.length);
    }
    uploads.delete(id);
    if (method === 'DELETE') return response?.writeHead(204).end();
    sendXml(response, '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
  }

  function list(query: URLSearchParams, response: ServerResponse | undefined): void {
    const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')];
    const folderOf = (key: string) => {
      const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
      return end < 0 ? undefined : key.slice(0, end + 1);
    };
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const entries = [...new Set(keys.map((key) => folderOf(key) ?? key))];
    const after = query.get('continuation-token');
    const left = after === null ? entries : entries.filter((entry) => entry > after);
    const page = left.slice(0, Number(query.get('max-keys') ?? pageSize));
    const isCut = page.length < left.length;
    const items = page.map((entry) => {
      const stored = delimiter !== null && entry.endsWith('/') ? undefined : objects.get(entry);
      return stored === undefined
        ? `<CommonPrefixes><Prefix>${entry}</Prefix></CommonPrefixes>`
        : `<Contents><Key>${entry}</Key><Size>${stored.bytes.length}</Size></Contents>`;
    });
    const next = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    sendXml(
      response,
      `<ListBucketResult><IsTruncated>${isCut}</IsTruncated>${next}${items.join('')}</ListBucketResult>`,
    );
  }

  const sourceKey = (source: string) =>
    decodeURIComponent(source)
      .replace(/^\//, '')
      .slice(bucket.length + 1);

  server.listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    bucket,
    env: {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test of a secret',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    objects,
    uploads,
    requests,
    partsOf,
    fail: (fault) => void faults.push(fault),
  };
}

function get(
  method: string,
  range: string | undefined,
  { bytes, modified }: StoredObject,
  response: ServerResponse | undefined,
): unknown {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (first !== undefined && Number(first) >= bytes.length) return refuse(response, 416, 'InvalidRange');
  const part = first === undefined ? bytes : bytes.subarray(Number(first), Number(last) + 1);
  const headers = {
    'content-length': part.length,
    'last-modified': modified.toUTCString(),
    etag: etag(bytes),
  };
  response?.writeHead(first === undefined ? 200 : 206, headers);
  response?.end(method === 'HEAD' ? undefined : part);
}

const etag = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

const XML = { 'content-type': 'application/xml' };

function sendXml(response: ServerResponse | undefined, body: string): void {
  response?.writeHead(200, XML).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}

function refuse(response: ServerResponse | undefined, status: number, code: string): void {
  response?.writeHead(status, XML).end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
}

import { connect } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { Journal, openPostgres } from '../../exporter/store/index.ts';
import { ATTR, EVENT, OPERATION, SPAN } from '../../model/semconv.ts';
import { fuzzOtlp } from '../../test/support/fuzz-otlp.ts';
import { attribute, otlpRequest, otlpSpan } from '../../test/support/otlp-request.ts';
import { callOfShape, KNOWN_SHAPES } from '../../test/unit/calls/shapes.ts';

/** What is attacked. */
export interface Target {
  readonly url: string;
  readonly token: string;
  readonly databaseUrl: string;
}

/** Tells how an attempt ended: the status of its answer, or a word. */
type Answered = (answer: string) => void;
/** Goes on until the signal. */
type Attack = (target: Target, stop: AbortSignal, answered: Answered) => Promise<void>;

/** The call whose spans never end, and that must have rows all the same. */
export const LATE_CALL = 'assault-late';

const JSON_GZIP = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
const ANSWER_WITHIN_MS = 30_000;

let made = 0;
const nextId = (what: string): string => {
  made += 1;
  return `assault-${what}-${made}`;
};

/** Sends a body and tells its answer. A sender that is cut off, or not answered, is told so. */
async function post(
  { url, token }: Target,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  answered: Answered,
): Promise<void> {
  try {
    const response = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, ...headers },
      body,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    answered(`${response.status}${text.includes('partialSuccess') ? ' partial' : ''}`);
  } catch (error) {
    answered((error as Error).name === 'TimeoutError' ? 'no answer' : 'cut off');
  }
}

const packed = (value: unknown): Buffer => gzipSync(JSON.stringify(value), { level: 1 });

/** `attempt` again and again, as many at once and with a pause after each. */
const again =
  (pauseMs: number, atOnce: number, attempt: (target: Target, answered: Answered) => Promise<void>): Attack =>
  async (target, stop, answered) => {
    const one = async () => {
      while (!stop.aborted) {
        await attempt(target, answered);
        await passed(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  };

const text = (key: string, value: string) => attribute(key, { stringValue: value });
const llm = (callId: string) => [
  text(ATTR.callId, callId),
  text(ATTR.stage, 'llm'),
  text(ATTR.operationName, OPERATION.llm),
];

/** Requests of a model, each the child of the one before; then the end of the call. */
function deepTree(depth: number): Buffer {
  const callId = nextId('deep');
  const spans = [otlpSpan(callId)];
  let parent: Record<string, unknown> | undefined;
  for (let level = 0; level < depth; level += 1) {
    parent = otlpSpan(callId, {
      name: 'chat m',
      attributes: llm(callId),
      ...(parent && { traceId: parent.traceId, parentSpanId: parent.spanId }),
    });
    spans.push(parent);
  }
  return packed(otlpRequest(...spans));
}

/** Turns of a call whose id is the same forever, as a constant in a program is. */
function moreOfOne(turns: number): Buffer {
  const spans = Array.from({ length: turns }, (_, index) =>
    otlpSpan('default', {
      name: SPAN.turn,
      attributes: [
        text(ATTR.callId, 'default'),
        attribute(ATTR.turnIndex, { intValue: String((made + index) % 2_000_000_000) }),
      ],
      events: [{ name: EVENT.turnCommitted, timeUnixNano: '1790000001000000000', attributes: [] }],
    }),
  );
  return packed(otlpRequest(...spans));
}

/** Good spans, and some that no program should send. */
function badValues(): Buffer {
  const callId = nextId('values');
  const good = Array.from({ length: 200 }, () =>
    otlpSpan(callId, { name: 'chat m', attributes: llm(callId) }),
  );
  return packed(
    otlpRequest(
      ...good,
      otlpSpan(callId, { startTimeUnixNano: '-1' }),
      otlpSpan(callId, { name: 5 }),
      otlpSpan(callId, { endTimeUnixNano: '1790000060' }),
      otlpSpan(callId, { attributes: [...llm(callId), attribute(ATTR.inputTokens, { intValue: 1.5 })] }),
      otlpSpan(callId, {
        attributes: [...llm(callId), attribute(ATTR.usageAudioSeconds, { doubleValue: 1e308 })],
      }),
      otlpSpan(callId, {
        attributes: [text(ATTR.callId, callId), attribute(ATTR.turnIndex, { intValue: 2 ** 40 })],
      }),
    ),
  );
}

/** A body that has no end, from one who has no token. */
const endless: Attack = again(
  500,
  4,
  ({ url }, answered) =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      const chunk = Buffer.concat([
        Buffer.from('10000\r\n'),
        Buffer.alloc(0x10000, 0x20),
        Buffer.from('\r\n'),
      ]);
      const write = () => {
        while (socket.writable && socket.write(chunk));
      };
      let answer = 'cut off';
      socket.once('data', (data) => {
        answer = data.toString('latin1', 9, 12);
      });
      socket.on('drain', write).on('error', () => {});
      socket.once('close', () => {
        answered(answer);
        resolve();
      });
      socket.write(
        'POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
      );
      write();
    }),
);

/** A head that comes a letter at a time. */
const slow: Attack = again(
  100,
  60,
  ({ url }, answered) =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      let answer = 'cut off';
      const timer = setInterval(() => socket.write('x'), 1_000);
      socket.once('data', (data) => {
        answer = data.toString('latin1', 9, 12);
      });
      socket.on('error', () => {});
      socket.once('close', () => {
        clearInterval(timer);
        answered(answer);
        resolve();
      });
      socket.write('POST /v1/tr');
    }),
);

/** 32 MiB of nothing in 32 kB. */
const EMPTY_OBJECTS = gzipSync(`{"a":[${'{},'.repeat((32 << 20) / 3 - 10)}{}]}`);

const lateSpans: Attack = async (target, stop, answered) => {
  await post(target, packed(otlpRequest(otlpSpan(LATE_CALL))), JSON_GZIP, answered);
  const attempt = (where: Target, told: Answered) =>
    post(
      where,
      packed(otlpRequest(otlpSpan(LATE_CALL, { name: 'chat m', attributes: llm(LATE_CALL) }))),
      JSON_GZIP,
      told,
    );
  await again(300, 1, attempt)(target, stop, answered);
};

/** Calls of every shape that has stopped a process, from a neighbour that writes to the same journal. */
const hostileShapes: Attack = async ({ databaseUrl }, stop, answered) => {
  const db = openPostgres({ url: databaseUrl, maxConnections: 1 });
  const journal = new Journal(db, { finalizeDelayMs: 500, idleLimitMs: 1_000 });
  const shapes = Object.values(KNOWN_SHAPES);
  for (let index = 0; !stop.aborted; index += 1) {
    const callId = nextId('shape');
    const facts = callOfShape(shapes[index % shapes.length] ?? [], 8_000).map((fact) => ({
      ...fact,
      callId,
      traceId: `${callId}-${fact.traceId}`,
    }));
    for (let from = 0; from < facts.length; from += 2_000) {
      const appended = journal.append(facts.slice(from, from + 2_000));
      answered(
        await appended.then(
          () => 'written',
          () => 'not written',
        ),
      );
    }
    await passed(3_000);
  }
  await db.close();
};

const lockedTable: Attack = async ({ databaseUrl }, stop, answered) => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  while (!stop.aborted) {
    await passed(5_000);
    await client.query('BEGIN');
    await client.query('LOCK TABLE earshot.call_spans');
    await passed(4_000);
    await client.query('COMMIT');
    answered('locked');
    await passed(20_000, undefined, { signal: stop }).catch(() => {});
  }
  await client.end();
};

/** All at once: what has stopped a process before, and what might. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  'deep trees': again(2_000, 1, (target, answered) => post(target, deepTree(10_000), JSON_GZIP, answered)),
  'one call without end': again(2_000, 1, (target, answered) =>
    post(target, moreOfOne(2_000), JSON_GZIP, answered),
  ),
  'hostile shapes': hostileShapes,
  'empty objects': again(500, 2, (target, answered) => post(target, EMPTY_OBJECTS, JSON_GZIP, answered)),
  'fuzzed bodies': again(20, 4, (target, answered) => {
    made += 1;
    const { body, contentType, contentEncoding } = fuzzOtlp(made);
    const headers = {
      'content-type': contentType,
      ...(contentEncoding !== undefined && { 'content-encoding': contentEncoding }),
    };
    return post(target, body, headers, answered);
  }),
  'bodies without end': endless,
  'slow connections': slow,
  'bad tokens': again(50, 2, (target, answered) =>
    post({ ...target, token: nextId('token') }, EMPTY_OBJECTS, JSON_GZIP, answered),
  ),
  'bad values': again(1_000, 1, (target, answered) => post(target, badValues(), JSON_GZIP, answered)),
  'late spans': lateSpans,
  'locked table': lockedTable,
};

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { decodeJson } from '../../../exporter/receiver/decode/decode-json.ts';
import { DEFAULT_LIMITS } from '../../../exporter/receiver/decode/limits.ts';
import { RowSender } from '../../../instrumentation/start/row-sender.ts';
import { ATTR, SPAN } from '../../../model/semconv.ts';
import { readSettings } from '../../../model/settings.ts';
import { type FinishedSpan, fromFinishedSpan, type SpanRecord } from '../../../model/span-record.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Takes spans as `earshot watch` does, and answers with these statuses, then with 200. */
async function startTaker(t: TestContext, statuses: number[] = []) {
  const taken: SpanRecord[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const status = statuses.shift() ?? 200;
      const sink = { span: (span: SpanRecord) => taken.push(span), refused: assert.fail, limited: () => {} };
      if (status === 200) decodeJson(Buffer.concat(chunks), DEFAULT_LIMITS, sink);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function sender(t: TestContext, url: string) {
  const spoolDir = await temporaryFolder(t);
  const settings = readSettings({ env: {}, overrides: { spoolDir, bufferSpans: 1_200 } });
  return { rows: new RowSender(url, settings), spoolDir };
}

function spans(count: number): FinishedSpan[] {
  const ended: FinishedSpan[] = [];
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'agent', 'process.pid': 7 }),
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => ended.push(span as FinishedSpan),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const tracer = provider.getTracer('earshot', '1.2.3');
  for (let index = 0; index < count; index += 1) {
    const span = tracer.startSpan(SPAN.turn);
    span.setAttributes({
      [ATTR.callId]: 'call-1',
      [ATTR.turnIndex]: index,
      list: ['a', 'b'],
      share: 0.5,
      yes: true,
    });
    span.addEvent('event', { word: 'hello' });
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
  return ended;
}

test('spans arrive as they are, in as many requests as it takes', async (t) => {
  const { taken, url } = await startTaker(t);
  const { rows, spoolDir } = await sender(t, url);
  const ended = spans(1_100);
  for (const span of ended) rows.onEnd(span);
  await rows.forceFlush();
  assert.deepEqual(taken, ended.map(fromFinishedSpan));
  await rows.shutdown();
  rows.saveAtExit();
  assert.deepEqual(readdirSync(spoolDir), []);
});

test('what is not taken is sent again, and is in the spool when the process exits before', async (t) => {
  const { taken, url } = await startTaker(t, [503]);
  const { rows, spoolDir } = await sender(t, url);
  const ended = spans(2);
  for (const span of ended) rows.onEnd(span);
  await rows.forceFlush();
  assert.equal(taken.length, 0);
  await rows.forceFlush();
  assert.equal(taken.length, 2);
  for (const span of ended) rows.onEnd(span);
  rows.saveAtExit();
  assert.equal(readdirSync(spoolDir).length, 1);
  await rows.shutdown();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenOnLoopback } from '../../../demo/simulators/server.ts';
import { run } from '../../support/program.ts';

test('LiveKit Cloud gets LiveKit’s spans with earshot as without it', async (t) => {
  const paths: string[] = [];
  const cloud = await listenOnLoopback({
    onRequest: (request, response) => {
      paths.push(request.url ?? '');
      request.resume();
      request.once('end', () => response.writeHead(200).end());
    },
  });
  t.after(() => cloud.close());
  const env = {
    LIVEKIT_API_KEY: 'key',
    LIVEKIT_API_SECRET: 'secret',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
  };
  const end = await run('livekit-cloud.mjs', { args: [cloud.url], env });
  assert.equal(end.code, 0, end.stderr);
  assert.ok(!/tracing is disabled/.test(end.stderr), end.stderr);
  assert.ok(
    paths.some((path) => path.includes('/observability/traces/')),
    `${paths}`,
  );
});

import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { signedHeaders, webhookKey } from '../../../exporter/incident-watch/signature.ts';
import { Webhook, webhookUrl } from '../../../exporter/incident-watch/webhook.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

test('messages are signed as the example of Standard Webhooks is', () => {
  const key = webhookKey(SECRET);
  assert.ok(key);
  assert.deepEqual(
    signedHeaders(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', 1_614_265_330_000),
    {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  );
});

test('a secret has 24 to 64 bytes', () => {
  const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
  for (const bytes of [24, 32, 64]) assert.equal(webhookKey(of(bytes))?.length, bytes);
  for (const secret of ['', 'whsec_', of(23), of(65), 'a secret of plain words, long enough'])
    assert.equal(webhookKey(secret), undefined, secret);
});

test('messages go over https, or to this machine, and to no address with a password in it', () => {
  for (const url of [
    'https://hooks.example/a?b=c',
    'http://127.0.0.1:9000/',
    'http://localhost/x',
    'http://[::1]:1/',
  ])
    assert.equal(webhookUrl(url)?.href, new URL(url).href);
  for (const url of [
    'http://hooks.example/',
    'http://169.254.169.254/latest/meta-data',
    'http://localhost.example/',
    'http://127.0.0.1.example/',
    'https://user:pass@hooks.example/',
    'file:///etc/passwd',
    'hooks.example',
    '',
  ])
    assert.equal(webhookUrl(url), undefined, url);
});

test('an answer takes a message, refuses it for good, or has it sent again; a redirect is not followed', async () => {
  const seen: { path: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      seen.push({ path: request.url, headers: request.headers, body });
      const status = Number(request.url?.slice(1));
      response.writeHead(status, status === 302 ? { location: '/200' } : {});
      response.end('what is said here is not read');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const send = (path: string) =>
      new Webhook(`http://127.0.0.1:${port}${path}`, SECRET).send({ id: 'msg_1', body: '{}' });
    assert.deepEqual(await send('/204'), { as: 'taken' });
    assert.deepEqual(await send('/410'), { as: 'refused', why: '410' });
    assert.deepEqual(await send('/500'), { as: 'again', why: '500' });
    assert.deepEqual(await send('/302'), { as: 'again', why: '302' });
    assert.deepEqual(
      seen.map(({ path }) => path),
      ['/204', '/410', '/500', '/302'],
    );
    assert.equal(seen[0]?.body, '{}');
    assert.match(String(seen[0]?.headers['webhook-signature']), /^v1,[A-Za-z0-9+/]{43}=$/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
  const gone = await new Webhook(`http://127.0.0.1:${port}/`, SECRET).send({ id: 'msg_1', body: '{}' });
  assert.equal(gone.as, 'again');
  assert.match('why' in gone ? gone.why : '', /^[A-Z_]+$/);
});

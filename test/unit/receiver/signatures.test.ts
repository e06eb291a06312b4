import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import { elevenlabs, isSame, retell, twilio } from '../../../exporter/receiver/webhooks/signatures.ts';
import { SECRET, SIGN } from '../../support/platforms.ts';

const at = (nowMs: number, body: string, headers: Record<string, string>, urls: string[] = []) => ({
  headers,
  body: Buffer.from(body),
  urls,
  nowMs,
});

test("a signature is that of Retell's own SDK", () => {
  // retell-sdk 5.66.1, `sign` at this instant.
  const signature = 'v=1795968000000,d=2fcc7832d5a9fc3518d879b4954a5b6583fc21a2b8612d37d21b834b103296f4';
  const request = at(1_795_968_001_000, '{"event":"call_ended","note":"naïve"}', {
    'x-retell-signature': signature,
  });
  assert.equal(retell(request, 'key_0123'), undefined);
  assert.match(retell(request, 'key_0124') ?? '', /does not match/);
  assert.match(retell({ ...request, nowMs: 1_795_968_301_000 }, 'key_0123') ?? '', /more than 5 minutes/);
});

test("a signature is that of Twilio's own SDK, with a field that comes several times", () => {
  // twilio 6.3.1, `getExpectedTwilioSignature` of these fields.
  const body = 'CallSid=CA1&From=%2B14155550123&CallStatus=completed&Digits=1&Digits=2&Digits=1&Empty=';
  const urls = ['https://earshot.example.com/webhooks/twilio?a=1'];
  const request = at(0, body, { 'x-twilio-signature': 'EsaYvnEBA7n4kQ6lfoUq2CK1LRs=' }, urls);
  assert.equal(twilio(request, 'token_0123'), undefined);
  assert.match(twilio({ ...request, body: Buffer.from(`${body}x`) }, 'token_0123') ?? '', /does not match/);
});

test("a signature by a shared key is that of Twilio's own SDK, and another algorithm is named", () => {
  const signed = (algorithm: string) =>
    at(
      0,
      'CallSid=CA1&CallStatus=busy',
      {
        'x-twilio-signature': 'dpK4US9KuHODXQItDBetFWNcDO92KIDhAyYm5PS6iao=',
        'x-twilio-webhooks-signature-settings': `key=webhooks_sharedkey_1,algorithm=${algorithm}`,
      },
      ['https://earshot.example.com/webhooks/twilio'],
    );
  assert.equal(twilio(signed('HMAC_SHA256'), 'shared_0123'), undefined);
  assert.match(twilio(signed('HMAC_SHA1'), 'shared_0123') ?? '', /does not match/);
  assert.match(twilio(signed('constructor'), 'shared_0123') ?? '', /expected HMAC_SHA1 or HMAC_SHA256/);
});

test("a signature is one that ElevenLabs' own SDK takes", async () => {
  const body = '{"type":"post_call_transcription"}';
  const signedMs = Date.now();
  const headers = SIGN.elevenlabs(body, SECRET, signedMs);
  assert.equal(elevenlabs(at(Date.now(), body, headers), SECRET), undefined);
  const { webhooks } = new ElevenLabsClient({ apiKey: 'none' });
  await webhooks.constructEvent(body, headers['elevenlabs-signature'] ?? '', SECRET);
  const old = SIGN.elevenlabs(body, 'the secret before', signedMs);
  const both = `${old['elevenlabs-signature']},${headers['elevenlabs-signature']?.split(',')[1]}`;
  assert.equal(elevenlabs(at(Date.now(), body, { 'elevenlabs-signature': both }), SECRET), undefined);
});

test('two texts are the same when they are, however long', () => {
  assert.deepEqual(
    [isSame('a', 'a'), isSame('a', 'ab'), isSame('', 'a'), isSame('', '')],
    [true, false, false, true],
  );
});

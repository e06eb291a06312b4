import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import type { StoredCallMetrics } from '../../../exporter/store/index.ts';
import { listCalls } from '../../../exporter/store/index.ts';
import { callFolder, recordingName } from '../../../recordings/names.ts';
import { keepSound, scene, writeCalls } from '../../support/acoustics.ts';
import { Complaints, startBrowser, withoutBrowser } from '../../support/browser.ts';
import { type PageUnderTest, startPage } from '../../support/page.ts';
import { fillWorld } from '../../support/page-world.ts';
import { poll } from '../../support/poll.ts';
import { toneInOgg, withoutFfmpeg } from '../../support/recordings/ffmpeg.ts';
import { writeRecording } from '../../support/recordings/write.ts';

const ELSEWHERE = 'https://recordings.example/call.wav';

describe('the sound of a call in a browser', { skip: withoutBrowser }, () => {
  let served: PageUnderTest;
  let browser: Browser;
  let folder: string;
  let call: StoredCallMetrics;
  let attached: StoredCallMetrics;
  let uploaded: StoredCallMetrics;
  const complaints = new Complaints();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earshot-sound-'));
    const fill = { calls: 3, untilUs: Date.now() * 1_000 - 90_000_000 };
    [served, browser] = await Promise.all([
      startPage(
        async (db) => {
          await fillWorld(db, fill);
          await writeCalls(db, scene('journal'), ['CA-true']);
        },
        { EARSHOT_RECORDINGS: folder },
      ),
      startBrowser(),
    ]);
    const [newest, other, third] = await listCalls(served.db, { limit: 3 });
    assert.ok(newest && other && third);
    [call, attached, uploaded] = [newest, other, third];
    await keepSound(folder, scene('journal'), 'CA-true');
    await writeRecording({ folder, callId: call.call_id, startUs: call.started_at, seconds: 20 });
    await served.db.query('UPDATE :schema.call_metrics SET recording_url = $1 WHERE call_id = $2', [
      ELSEWHERE,
      attached.call_id,
    ]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (path: string): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    await complaints.watch(page, served.url);
    await page.goto(`${served.url}${path}`);
    return page;
  };
  const seconds = (page: Page) => page.evaluate<number>('document.querySelector("audio").currentTime');
  const cursorAt = async (page: Page) => (await page.locator('.cursor').boundingBox())?.x ?? Number.NaN;

  test('a press on the timeline goes there, space plays and pauses, and the cursor goes along', async () => {
    const page = await open(`/calls/${call.call_id}`);
    await page.getByRole('button', { name: 'Play' }).waitFor();
    await poll(async () => (await page.evaluate<number>('document.querySelector("audio").readyState')) >= 1);
    const box = await page.locator('.timeline-box').boundingBox();
    assert.ok(box);
    const before = await cursorAt(page);
    await page.mouse.click(box.x + 300, box.y + 40);
    await poll(async () => (await seconds(page)) > 1, { what: 'the place that was pressed' });
    const [from, x] = [await seconds(page), await cursorAt(page)];
    assert.ok(
      x > before && Math.abs(x - (box.x + 300)) < 3,
      `the cursor is at ${x}, pressed was ${box.x + 300}`,
    );
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await poll(async () => (await seconds(page)) > from + 0.2, { what: 'sound' });
    await poll(async () => (await cursorAt(page)) > x, { what: 'the cursor to move' });
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Play' }).waitFor();
    assert.equal(await page.evaluate('scrollY'), 0, 'space did not scroll');
    const drawn = await page.evaluate<number>(
      `(() => { const c = document.querySelector('canvas.sound-lane');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v) => v !== 0).length; })()`,
    );
    assert.ok(drawn > 1_000, 'it is drawn how loud it is');
    await page.evaluate(axe.source);
    const violations = await page.evaluate(
      'axe.run().then(({ violations }) => violations.map(({ id }) => id))',
    );
    assert.deepEqual(violations, []);
    await page.close();
  });

  test('by the keyboard a turn is heard from its beginning; a button is pressed by space as ever', async () => {
    const page = await open(`/calls/${call.call_id}?turn=0`);
    await poll(async () => (await page.evaluate<number>('document.querySelector("audio").readyState')) >= 1);
    await page.keyboard.press('ArrowRight');
    await poll(async () => (await seconds(page)) > 1, { what: 'the beginning of turn 1' });
    await page.getByRole('button', { name: 'Closer' }).focus();
    await page.keyboard.press('Space');
    await page.locator('.overview').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Pause' }).count(), 0);
    await page.close();
  });

  test('one that LiveKit uploaded plays on the timeline by the instant of its first sample', {
    skip: withoutFfmpeg,
  }, async () => {
    const into = callFolder(folder, uploaded.call_id);
    await mkdir(into, { recursive: true });
    const path = join(into, recordingName(uploaded.started_at + 2_000_000, 'ogg'));
    await writeFile(path, toneInOgg(12, 1, 3));
    const page = await open(`/calls/${uploaded.call_id}`);
    await page.getByRole('button', { name: 'Play' }).waitFor();
    await poll(async () => (await page.evaluate<number>('document.querySelector("audio").readyState')) >= 1);
    const length = await page.evaluate<number>('document.querySelector("audio").duration');
    assert.ok(Math.abs(length - 12) < 0.1, `${length} s`);
    const where = page.getByLabel('Where in the recording, in seconds');
    assert.deepEqual(
      [await where.getAttribute('min'), await where.getAttribute('max')].map((text) =>
        Math.round(Number(text)),
      ),
      [2, 14],
      'from two seconds of the call on',
    );
    await where.fill('7');
    await poll(async () => Math.abs((await seconds(page)) - 5) < 0.2, { what: 'second 7 of the call' });
    await page.locator('canvas.sound-lane').waitFor();
    assert.equal(await page.getByRole('link', { name: 'File' }).count(), 1);
    await page.close();
  });

  test('the silence of a turn stands beside the one in the recording, and the call says the worst', async () => {
    const page = await open('/calls/CA-true?turn=2');
    const heard = page.getByTestId('heard');
    await heard.waitFor();
    assert.match(
      (await heard.textContent()) ?? '',
      /^In the recording: (69|70)\d ms \(\+(29|30)\d ms\) – the user was silent before/,
    );
    assert.match(
      (await page.getByTestId('worst-heard').textContent()) ?? '',
      /by −\d+ ms in the median, by −8\d\d ms at worst \(turn 4\)/,
    );
    await page.keyboard.press('ArrowLeft');
    await page.getByText(/\(\+2[45]\d ms\)/).waitFor();
    await page.close();
  });

  test('a recording of another host is a link, and nothing is asked of it', async () => {
    const page = await open(`/calls/${attached.call_id}`);
    const link = page.getByRole('link', { name: 'Recording' });
    assert.equal(await link.getAttribute('href'), ELSEWHERE);
    assert.deepEqual(
      [await link.getAttribute('target'), await link.getAttribute('rel')],
      ['_blank', 'noopener noreferrer'],
    );
    assert.equal(await page.locator('audio').count(), 0);
    await page.close();
  });

  test('through all of that no script failed, nothing was refused by the policy, no other host was asked', () => {
    assert.deepEqual(complaints.all, []);
    assert.deepEqual(served.errors, []);
  });
});

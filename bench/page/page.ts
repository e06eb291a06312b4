import { tmpdir } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { type Database, rollUpAll } from '../../exporter/store/index.ts';
import { startBrowser, withoutBrowser } from '../../test/support/browser.ts';
import { startCli } from '../../test/support/cli.ts';
import { callOf, fillWorld } from '../../test/support/page-world.ts';
import { poll } from '../../test/support/poll.ts';
import { median } from '../measure.ts';
import { aMonth } from '../month.ts';
import type { BenchResult } from '../result.ts';
import { CALM, KEYSTROKE, PAN, type Panned, SHOWN } from './in-browser.ts';

const CALLS = Number(process.env.EARSHOT_BENCH_PAGE_CALLS ?? 20_000);
const ROUNDS = Number(process.env.EARSHOT_BENCH_ROUNDS ?? 9);
const TURNS = 200;
const VIEWPORT = { width: 1280, height: 860 };

/** What a reader of `earshot ui` waits for, in a browser without a screen on this machine: server, database and browser compete. */
export async function benchPage(): Promise<BenchResult[]> {
  if (withoutBrowser !== false) throw new Error(withoutBrowser);
  const month = await aMonth(CALLS);
  const callId = await longCall(month.db, month.until);
  // In a process of its own: this one tells the browser what to do.
  const ui = startCli(['ui', '--port', '0'], { cwd: tmpdir(), env: { EARSHOT_DATABASE_URL: month.url } });
  const url = await poll(() => /^http:\S+/.exec(ui.output.stdout)?.[0], { what: 'the page' });
  const browser = await startBrowser();
  try {
    return [...(await benchLists(browser, url, month.calls)), ...(await benchCall(browser, url, callId))];
  } finally {
    await browser.close();
    ui.kill('SIGTERM');
    await ui.ended;
    await month.close();
  }
}

/** A call of many turns with its journal; a database that is kept has it once. */
async function longCall(db: Database, until: Date): Promise<string> {
  const long = { calls: 1, untilUs: until.getTime() * 1_000 - 3_600e6, seed: 5, turns: TURNS };
  const callId = callOf(0, long)[0]?.callId ?? '';
  const there = await db.query('SELECT FROM :schema.call_metrics WHERE call_id = $1', [callId]);
  if (there.length === 0) {
    await fillWorld(db, long);
    await rollUpAll(db);
    await db.query('ANALYZE :schema.call_spans');
  }
  return callId;
}

async function benchLists(browser: Browser, url: string, calls: number): Promise<BenchResult[]> {
  const shown = await rounds(browser, url, '/calls', '.call-row');
  const page = await open(browser, `${url}/calls`);
  await page.locator('.call-row').first().waitFor();
  const typed: number[] = [];
  for (let round = 0; round < ROUNDS; round++) typed.push(await page.evaluate<number>(KEYSTROKE));
  await page.close();
  return [
    {
      name: `page: calls shown, of ${calls}`,
      ours: shown.rows,
      unit: 'ms',
      note: `from the navigation to the frame behind the first row; the first pixel after ${shown.paint.toFixed(0)} ms; ${ROUNDS} runs, median`,
    },
    {
      name: 'page: keystroke to result',
      ours: median(typed),
      unit: 'ms',
      note: `a part of an id put into the search, until the row that it leaves is drawn; ${ROUNDS} runs, median`,
    },
  ];
}

async function benchCall(browser: Browser, url: string, callId: string): Promise<BenchResult[]> {
  const shown = await rounds(browser, url, `/calls/${callId}`, '.timeline-turn');
  const page = await open(browser, `${url}/calls/${callId}`);
  await page.locator('.timeline-turn').first().waitFor();
  const results: Panned[] = [];
  // The whole call cannot be moved; a tenth of it, and half, can.
  for (const closer of [2, 3]) {
    for (let i = 0; i < closer; i++) await page.getByRole('button', { name: 'Closer' }).click();
    for (let round = 0; round < 3; round++) results.push(await page.evaluate<Panned>(PAN));
  }
  await page.close();
  return [
    {
      name: `page: a call of ${TURNS} turns shown`,
      ours: shown.rows,
      unit: 'ms',
      note: `from the navigation to the frame behind its timeline; the first pixel after ${shown.paint.toFixed(0)} ms; ${ROUNDS} runs, median`,
    },
    {
      name: 'page: frames while panning it',
      ours: median(results.map(({ perSecond }) => perSecond)),
      baseline: 60,
      unit: '1/s',
      note: `the timeline moved in every frame for a second and a half, six times; the aim is 60. The slowest of 100 frames: ${median(results.map(({ p99 }) => p99)).toFixed(1)} ms`,
    },
    {
      name: 'page: work of such a frame',
      ours: median(results.map(({ workMs }) => workMs)),
      unit: 'ms',
      note: 'of the script and the layout, of the 16.7 ms that there are; median',
    },
  ];
}

async function open(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.goto(address);
  return page;
}

/** Opens an address again and again, each time as a new reader who has its files. */
async function rounds(browser: Browser, url: string, path: string, selector: string) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const rows: number[] = [];
  const paint: number[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    const page = await context.newPage();
    await page.evaluate(CALM);
    await page.addInitScript(SHOWN(selector));
    await page.goto(`${url}${path}`);
    const at = await page.evaluate<{ rows: number; paint: number }>('window.shown');
    if (round >= 0) {
      rows.push(at.rows);
      paint.push(at.paint);
    }
    await page.close();
  }
  await context.close();
  return { rows: median(rows), paint: median(paint) };
}

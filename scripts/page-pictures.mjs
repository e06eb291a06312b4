// The pictures of docs/page.md: the page with made-up calls, in a Chromium. `node scripts/page-pictures.mjs` writes docs/images.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { startPage } = await import(new URL('../dist/test/support/page.js', import.meta.url));
const { fillWorld } = await import(new URL('../dist/test/support/page-world.js', import.meta.url));
const { startBrowser } = await import(new URL('../dist/test/support/browser.js', import.meta.url));

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url));
const VIEWS = [
  { name: 'page-calls', path: '/calls?order=silence', ready: '.call-row', height: 560 },
  {
    name: 'page-call',
    path: '/calls?order=silence&agent=booking&interrupted=1',
    ready: '.call-row',
    height: 960,
    opens: true,
  },
];

mkdirSync(folder, { recursive: true });
const page = await startPage((db) =>
  fillWorld(db, { calls: 120, untilUs: Date.now() * 1_000 - 9e7, seed: 3 }),
);
const browser = await startBrowser();
try {
  const tab = await browser.newPage({ viewport: { width: 1180, height: 860 } });
  for (const { name, path, ready, height, opens } of VIEWS) {
    await tab.setViewportSize({ width: 1180, height });
    await tab.goto(page.url + path);
    await tab.locator(ready).first().waitFor();
    if (opens) await tab.locator(ready).first().click();
    await tab.mouse.move(0, 0);
    await tab.waitForTimeout(1_000);
    await tab.screenshot({ path: `${folder}${name}.png` });
  }
} finally {
  await browser.close();
  await page.stop();
}

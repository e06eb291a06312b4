import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A Chromium of this machine: `EARSHOT_TEST_CHROMIUM`, or where packages put it. Undefined: there is none. */
const chromiumPath = (): string | undefined =>
  [process.env.EARSHOT_TEST_CHROMIUM ?? '', ...CANDIDATES].find((path) => path !== '' && existsSync(path));

/** Why tests with a browser are left out, for `skip`; false where there is one. */
export const withoutBrowser: string | false =
  chromiumPath() === undefined && 'no Chromium: apt-get install chromium, or set EARSHOT_TEST_CHROMIUM';

/** What Chromium loads beside every page: a page of its own beneath the address bar, as large as ours. */
const UNUSED =
  'PaintHolding,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI';

export function startBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  assert.ok(executablePath);
  // Root has no sandbox of its own; in containers shared memory is small. This takes the place of Playwright's own list.
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', `--disable-features=${UNUSED}`],
  });
}

/** What a browser complained of: errors of scripts, refusals by the page's policy, requests to other hosts. */
export class Complaints {
  readonly all: string[] = [];

  async watch(page: Page, url: string): Promise<void> {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.all.push(message.text());
    });
    page.on('pageerror', (error) => this.all.push(String(error)));
    page.on('dialog', (dialog) => {
      this.all.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url()))
        this.all.push(`asked ${request.url()}`);
    });
    await page.exposeFunction('complain', (text: string) => this.all.push(text));
    await page.addInitScript(() => {
      const target = globalThis as unknown as {
        document: {
          addEventListener(name: string, on: (event: { violatedDirective: string }) => void): void;
        };
        complain(text: string): void;
      };
      target.document.addEventListener('securitypolicyviolation', (event) =>
        target.complain(`refused by ${event.violatedDirective}`),
      );
    });
  }
}

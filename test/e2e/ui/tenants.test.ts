import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { writeIncidents } from '../../../exporter/store/index.ts';
import type { Incident } from '../../../model/incidents.ts';
import { Complaints, startBrowser, withoutBrowser } from '../../support/browser.ts';
import { type PageUnderTest, startPage } from '../../support/page.ts';
import { fillTenants, TURNS_OF } from '../../support/page-tenants.ts';
import { poll } from '../../support/poll.ts';

const CALLS = 4;

/** Of the same voice, as two tenants have it. */
function incidentOf(tenant: string): Incident {
  const now = Date.now() * 1_000;
  const side = (seconds: number) => ({
    ...{ turns: 100, calls: 20, p50: seconds, p95: 2 * seconds, counts: [] },
    ...{ overBudget: 6, silences: 100, spent: [] },
  });
  return {
    owner: { tenant, part: 'tts', kind: 'model', name: 'tts a b', provider: 'a', model: 'b' },
    ...{ since: now - 7_200e6, openedAt: now - 3_600e6, lookedAt: now, budget: 1.2, usual: [] },
    baseline: { from: now - 9_000e6, until: now - 7_200e6 },
    ...{ before: side(0.1), after: side(0.2) },
  };
}

describe('the page in a browser, where two tenants have calls of the same ids', {
  skip: withoutBrowser,
}, () => {
  let served: PageUnderTest;
  let browser: Browser;
  before(async () => {
    const fill = { calls: CALLS, untilUs: Date.now() * 1_000 - 90_000_000 };
    [served, browser] = await Promise.all([startPage((db) => fillTenants(db, fill)), startBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  test('from the calls of one to a call, its turns and facts, and beside its namesake', async () => {
    const complaints = new Complaints();
    const page = await browser.newPage();
    await complaints.watch(page, served.url);
    const query = () => Object.fromEntries(new URL(page.url()).searchParams);
    const rows = page.locator('.call-row');
    await page.goto(served.url);
    await page.getByRole('columnheader', { name: 'Tenant' }).waitFor();
    assert.equal(await rows.count(), 2 * CALLS);
    await page.getByRole('combobox', { name: 'Tenant' }).selectOption('acme');
    await poll(async () => (await rows.count()) === CALLS, { what: 'the calls of acme' });
    assert.equal(await page.getByRole('columnheader', { name: 'Tenant' }).count(), 0);
    const home = page.getByRole('link', { name: 'earshot' });
    assert.equal(await home.getAttribute('href'), '/calls?tenant=acme');

    await rows.first().click();
    await page.getByText('tenant acme').waitFor();
    await page.getByText(`${TURNS_OF.acme} turns`, { exact: true }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await poll(() => query().turn !== undefined, { what: 'a turn in the address' });
    assert.equal(query().tenant, 'acme');
    const latency = page.getByRole('navigation').getByRole('link', { name: 'Latency' });
    assert.equal(await latency.getAttribute('href'), '/latency', 'the tenant of a call is no filter');
    await page.getByRole('button', { name: 'Raw facts' }).click();
    await page.getByText('"tenant": "acme"').first().waitFor();
    await page.keyboard.press('Escape');

    await page.locator('.call-title').getByRole('link', { name: 'Compare' }).click();
    const selections = page.getByRole('link', { name: 'Compare selections' });
    assert.equal(await selections.getAttribute('href'), '/compare?a=tenant%3Dacme&b=tenant%3Dacme');
    await page.locator('.other-calls a').first().click();
    const other = page.getByRole('region', { name: 'Call B' });
    await other.getByText(`${TURNS_OF.default} turns`, { exact: true }).waitFor();
    const { call_a, tenant_a, call_b, tenant_b } = query();
    assert.deepEqual([call_a, tenant_a, tenant_b], [call_b, 'acme', undefined]);
    assert.deepEqual(complaints.all, []);
    await page.close();
  });

  test('incidents of one voice say whose they are', async () => {
    await writeIncidents(served.db, ['acme', 'default'].map(incidentOf));
    const page = await browser.newPage();
    await page.goto(`${served.url}/incidents`);
    const banner = page.getByRole('complementary', { name: 'Open incidents' });
    await banner.getByRole('link', { name: /^default: tts a b/ }).waitFor();
    const row = page.getByRole('row', { name: /^tts a b acme/ });
    await page.getByRole('row', { name: /^tts a b default/ }).waitFor();
    await row.getByRole('link').click();
    await page.getByText(/^Of the tenant acme\. Opened/).waitFor();
    await banner.getByRole('link', { name: /^acme: tts a b/ }).waitFor();
    await page.close();
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { groupCall } from '../../../exporter/calls/group.ts';
import { endpointingCall } from '../../../exporter/decisions/endpointing-call.ts';
import { endpointingGroups } from '../../../exporter/decisions/endpointing-groups.ts';
import { finished } from '../../../exporter/statistics/pieces.ts';
import {
  type Database,
  giveScores,
  Journal,
  keyOf,
  listCalls,
  writeIncidents,
} from '../../../exporter/store/index.ts';
import type { Incident, StoredIncident } from '../../../model/incidents.ts';
import { ownerName } from '../../../model/owners.ts';
import type {
  CallsAnswer,
  CheckAnswer,
  IncidentAnswer,
  LatencyView,
  TotalsAnswer,
  WhatIfAnswer,
} from '../../../ui/shared/api.ts';
import { checkSentence } from '../../../ui/shared/check.ts';
import { whatIfSentence } from '../../../ui/shared/decisions.ts';
import { showCount, showMoney, showSeconds, showShare } from '../../../ui/shared/format.ts';
import { slowestTurn } from '../../../ui/shared/insight.ts';
import { deadAirShare, talkRatio } from '../../../ui/shared/speech.ts';
import { Complaints, startBrowser, withoutBrowser } from '../../support/browser.ts';
import { type PageUnderTest, startPage } from '../../support/page.ts';
import { callOf, fillWorld } from '../../support/page-world.ts';
import { poll } from '../../support/poll.ts';
import { simulatedWeeks } from '../../support/simulated-weeks.ts';

const CALLS = 40;
/** What a caller may say, and a program may be called. */
const PLANTED =
  '</script><img src=x onerror="alert(1)"><script>alert(2)</script>\u001b[31m javascript:alert(3) &lt;b&gt;';
const WIDE = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
/** Pixels high: a list shows some rows, and more of them are no other ones. */
const FEW_ROWS = 400;
const incidentOwner = ({ owner }: StoredIncident): string => owner.name;

/** Writes an incident of which all turns of one agent's synthesis are, and one of an agent with a name that someone planted. */
async function openIncidentOf(db: Database, planted: string): Promise<StoredIncident> {
  const [turn] = await db.query<{ provider: string; model: string; agent: string }>(
    `SELECT l.tts_provider AS provider, l.tts_model AS model, m.agent_name AS agent
     FROM :schema.call_logs l JOIN :schema.call_metrics m USING (tenant, call_id)
     WHERE l.segment_tts > 0 AND m.agent_name = 'booking' LIMIT 1`,
  );
  assert.ok(turn);
  const { provider, model, agent } = turn;
  const now = Date.now() * 1_000;
  const figures = (seconds: number) => ({
    ...{ turns: 100, calls: 20, p50: seconds, p95: 2 * seconds, counts: [], overBudget: 6, silences: 100 },
    spent: [
      {
        segment: 'endpointing' as const,
        kind: 'setting' as const,
        name: 'endpointing',
        seconds: 0.4 + seconds / 10 - 0.01,
      },
    ],
  });
  const incident: Incident = {
    owner: {
      tenant: 'default',
      part: 'tts',
      kind: 'model',
      name: `tts ${provider} ${model}`,
      provider,
      model,
    },
    since: now - 5 * 86_400_000_000,
    openedAt: now - 3_600_000_000,
    lookedAt: now,
    budget: 1.2,
    baseline: { from: now - 6 * 86_400_000_000, until: now - 5 * 86_400_000_000 },
    usual: [{ agent, turns: 100, rank: 95, seconds: 0 }],
    before: figures(0.1),
    after: figures(0.2),
  };
  const other: Incident = {
    ...incident,
    owner: { tenant: 'default', part: 'tools', kind: 'application', name: 'tools', agent: planted },
    closedAt: now,
    end: 'recovered',
  };
  const [stored] = await writeIncidents(db, [incident, other]);
  assert.ok(stored);
  return stored;
}
/** To another view as a reader gets there: what has been loaded stays. */
const FOLLOW_LINK = (path: string) =>
  `(() => { const link = document.createElement('a'); link.href = ${JSON.stringify(path)}; document.body.append(link); link.click(); link.remove(); })()`;
/** Views and filters that lie beyond an edge of the window. */
const OUT_OF_SIGHT = `[...document.querySelectorAll('.top nav a, .filters > :not(.spacer), .filters summary')]
  .filter((each) => each.getBoundingClientRect().right > window.innerWidth || each.getBoundingClientRect().left < 0)
  .map((each) => each.textContent)`;
/** Words of our own that a table has broken. */
const BROKEN_WORDS = `[...document.querySelectorAll('.compare-row th')].flatMap((cell) => {
  const text = cell.firstChild;
  return text?.nodeType !== Node.TEXT_NODE ? [] : [...text.data.matchAll(/[a-z]{2,13}/g)].flatMap(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return new Set([...range.getClientRects()].map(({ top }) => top)).size > 1 ? [word] : [];
  });
})`;
const VIEWS = [
  '/calls',
  '/latency',
  '/cost',
  '/quality',
  '/compare?a=agent%3Dbooking',
  '/decide?llm=groq/llama-3.1-8b-instant',
  '/decide?question=endpointing&delay=0.3',
  '/decide?question=check&limit_silence_p95=900ms&limit_interruption_rate=1%25&limit_unpriced=0&baseline=version%3D1',
];
/** What the API says of calls in which users pause: more of them than the others have. */
const frontiers = () => {
  const calls = simulatedWeeks({ seed: 3, calls: 120, days: 3 });
  return finished(endpointingGroups(calls.map(({ facts }) => endpointingCall(groupCall(facts)))));
};

describe('the page in a browser', { skip: withoutBrowser }, () => {
  let served: PageUnderTest;
  let browser: Browser;
  /** One for all tests, each of which opens an address in it: a new one costs more than most tests. */
  let page: Page;
  let newest: string;
  let incident: StoredIncident;
  const complaints = new Complaints();
  before(async () => {
    const fill = { calls: CALLS, untilUs: Date.now() * 1_000 - 90_000_000, planted: PLANTED };
    served = await startPage((db) => fillWorld(db, fill));
    browser = await startBrowser();
    const [call] = await listCalls(served.db, { limit: 1 });
    assert.ok(call);
    newest = call.call_id;
    await giveScores(served.db, keyOf(call), [
      { name: 'politeness', value: 0.9 },
      { name: 'solved', label: '<img src=x onerror="alert(4)">' },
    ]);
    incident = await openIncidentOf(served.db, PLANTED);
    page = await browser.newPage({ viewport: WIDE });
    await complaints.watch(page, served.url);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  const open = (path: string) => page.goto(`${served.url}${path}`);
  const ask = async <T>(path: string) => (await (await fetch(`${served.url}${path}`)).json()) as T;
  const address = () => new URL(page.url());
  /** Waits until the address has a parameter: a browser reports it a little after it shows the view. */
  const addressHas = (name: string, value: string) =>
    page.waitForURL(({ searchParams }) => searchParams.get(name) === value);

  test('from the calls to the turn that was slow: the figures are those of the rows', async () => {
    const { calls } = await ask<CallsAnswer>('/api/calls?order=silence&limit=5');
    const { totals, silence } = await ask<TotalsAnswer>('/api/totals?since=7d');
    await open('/');
    await page.getByRole('columnheader', { name: 'p95' }).getByRole('link').click();
    await addressHas('order', 'silence');
    const tiles = page.locator('.tile');
    await tiles.first().waitFor();
    assert.equal(await tiles.nth(0).locator('strong').innerText(), showCount(totals.calls));
    assert.equal(await tiles.nth(1).locator('strong').innerText(), showSeconds(silence.p50));
    assert.match(
      await tiles.nth(3).innerText(),
      new RegExp(`^Cost\\s+\\${showMoney(totals.cost_total)}\\+?`),
    );
    const slowest = calls[0];
    assert.ok(slowest);
    const first = page.locator('.call-row').first();
    await first.getByText(slowest.call.call_id).waitFor();
    assert.match(await first.innerText(), new RegExp(showSeconds(slowest.call.eou_latency_p95)));
    await first.click();
    const turn = slowestTurn(slowest.turns);
    const panel = page.getByRole('region', { name: `Turn ${turn?.turn_index}` });
    await panel.waitFor();
    assert.equal(await panel.locator('.figure').innerText(), showSeconds(turn?.eou_latency));
    assert.match(await panel.locator('.turn-head').innerText(), /% (waiting|before|deciding|collecting)/);
    assert.ok((await panel.locator('.waterfall-bars rect').count()) > 4);
    assert.match(
      await page.getByRole('region', { name: 'Cost' }).innerText(),
      new RegExp(`\\${showMoney(slowest.call.cost_total)}`),
    );
    await panel.getByRole('button', { name: 'Raw facts' }).click();
    await page.getByText('"type": "turn"').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.timeline-turn text', { hasText: /^0$/ }).click();
    await page.getByRole('region', { name: 'Turn 0' }).waitFor();
    await addressHas('turn', '0');
  });

  test('by the keyboard alone: down, into a call, from turn to turn, and back', async () => {
    await open('/calls');
    await page.locator('.call-row').nth(3).waitFor();
    for (const key of ['j', 'j', 'k']) await page.keyboard.press(key);
    const chosen = await page.locator('.call-row a').nth(1).innerText();
    await page.locator('.call-row.is-selected a', { hasText: chosen }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Silence by turn' }).waitFor();
    const turn = async () => new URL(await page.evaluate('location.href')).searchParams.get('turn');
    // The view listens for keys a little after it is shown.
    await poll(async () => {
      await page.keyboard.press('ArrowLeft');
      return (await turn()) !== null;
    });
    const before = Number(await turn());
    await page.keyboard.press('ArrowRight');
    assert.equal(Number(await turn()), before + 1);
    await page.getByRole('button', { name: /^Turn 0:/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Turn 0' }).waitFor();
    await addressHas('turn', '0');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys and colours' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.locator('.call-row').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(chosen.slice(2, 14));
    await poll(async () => (await page.locator('.call-row').count()) === 1);
    assert.equal(await page.locator('.call-row a').innerText(), chosen);
  });

  test('filters are in the address; a cell of the heat map leads to its calls', async () => {
    await open('/calls');
    await page.getByRole('combobox', { name: 'Agent' }).selectOption('booking');
    const { totals } = await ask<TotalsAnswer>('/api/totals?since=7d&agent=booking');
    await poll(async () => (await page.locator('.call-row').count()) === totals.calls);
    await addressHas('agent', 'booking');
    await page.getByRole('navigation').getByRole('link', { name: 'Latency' }).click();
    await page.waitForURL(({ search }) => search === '?agent=booking');
    const cell = page.locator('a:has(.heat.is-over)').first();
    await cell.click();
    await page.locator('.call-row').first().waitFor();
    await page.waitForURL(({ searchParams }) => searchParams.has('silence_from'));
    await page.goBack();
    await page.getByRole('heading', { name: 'Turns by silence' }).waitFor();
  });

  test('a search that fails is over, and the next one is answered', async () => {
    await open('/calls');
    await page.locator('.call-row').first().waitFor();
    const broken = '**/api/calls?*id=broken*';
    await page.route(broken, (route) => route.fulfill({ body: 'no answer of this server' }));
    const words = page.getByRole('searchbox');
    await words.fill('broken');
    await page.getByRole('alert').waitFor();
    await poll(async () => (await page.locator('.is-loading').count()) === 0);
    await words.fill(newest);
    await poll(async () => (await page.locator('.call-row').count()) === 1);
    assert.equal(await page.getByRole('alert').count(), 0);
    await page.unroute(broken);
  });

  test('whose the silence over the target is, and how long no one speaks, is what the rows say', async () => {
    const { over } = await ask<LatencyView>('/api/latency?since=7d');
    const [first] = over.owners;
    assert.ok(first && over.turns > 1);
    await open('/latency');
    const owners = page.getByRole('region', { name: 'Silence over 1.2 s: whose it is' });
    const row = owners.getByRole('row').nth(1);
    await row.waitFor();
    assert.match(await row.innerText(), new RegExp(`^${ownerName(first)}\\s+${showShare(first.share)}`));
    const { totals } = await ask<TotalsAnswer>('/api/totals?since=7d');
    await open('/quality');
    const tile = (name: string) => page.locator('.tile', { hasText: name }).locator('strong');
    assert.equal(await tile('Dead air').innerText(), showShare(deadAirShare(totals.speech)));
    assert.equal(await tile('Agent speaks').innerText(), showShare(talkRatio(totals.speech)));
    await open(`/calls/${newest}`);
    await page.getByText(/^Longest wait: turn \d+/).waitFor();
  });

  test('charts and calls can be kept', async () => {
    await open('/latency');
    for (const title of ['Silence before the answer', 'Turns by silence']) {
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `PNG of ${title}` }).click(),
      ]);
      const picture = readFileSync(await saved.path());
      assert.equal(picture.subarray(1, 4).toString(), 'PNG');
      assert.ok(picture.length > 4_000, `${title}: ${picture.length} bytes`);
    }
    await open('/calls');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ]);
    assert.equal(
      readFileSync(await file.path(), 'utf8')
        .trim()
        .split('\r\n').length,
      CALLS + 1,
    );
  });

  test('a call that goes on stands on top and grows', async () => {
    const facts = callOf(0, { calls: 1, untilUs: Date.now() * 1_000, seed: 99 });
    const callId = facts[0]?.callId ?? '';
    const journal = new Journal(served.db);
    await open('/calls');
    await page.locator('.call-row').first().waitFor();
    for (const turn of [0, 1]) {
      await journal.append(facts.filter((fact) => fact.type !== 'call' && fact.turnIndex === turn));
      await page
        .locator(`.call-row.is-live:has-text("${callId}") [role=cell]:has-text("${turn + 1}")`)
        .first()
        .waitFor();
    }
    await page.locator('.call-row').first().getByText('live').waitFor();
    await open(`/calls/${callId}`);
    await page
      .getByRole('button', { name: /^Turn 1/ })
      .first()
      .waitFor();
    await served.db.query('DELETE FROM :schema.call_queue');
  });

  test('two selections and two calls stand side by side', async () => {
    await open('/compare');
    await page.getByLabel('agent of A').selectOption('booking');
    await page.getByLabel('agent of B').selectOption('reception');
    await page.getByRole('row', { name: /^silence p50/ }).waitFor();
    await page.waitForURL(({ search }) => /a=agent%3Dbooking&b=agent%3Dreception/.test(search));
    await open(`/compare?call_a=${newest}`);
    await page.getByRole('region', { name: 'Call B' }).getByRole('link').first().click();
    await page
      .getByRole('region', { name: 'Call B' })
      .getByRole('heading', { name: 'Silence by turn' })
      .waitFor();
  });

  test('what another model would do is what the API says, from a form that is in the address', async () => {
    await open('/decide');
    await page.getByRole('heading', { name: 'What would another model do?' }).waitFor();
    await page.getByRole('combobox', { name: 'Language model' }).selectOption('groq/llama-3.1-8b-instant');
    const result = page.getByRole('region', { name: 'What it would do' });
    await result.waitFor();
    await addressHas('llm', 'groq/llama-3.1-8b-instant');
    const answer = await ask<WhatIfAnswer>('/api/whatif?since=7d&llm=groq/llama-3.1-8b-instant');
    assert.ok(answer.silence, answer.noSilence);
    assert.equal(await result.locator('strong').innerText(), whatIfSentence(answer));
    await result.getByText('tokenisers differ').waitFor();
    await page.getByRole('link', { name: 'Endpointing', exact: true }).click();
    await page
      .getByText(/: too few (calls|turns): \d+, needs \d+\.$/)
      .first()
      .waitFor();
    await page.getByLabel('Look at a delay of').fill('soon');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('delay: saw "soon", expected seconds').waitFor();
    complaints.all.splice(
      0,
      complaints.all.length,
      ...complaints.all.filter((text) => !text.includes('400')),
    );
  });

  test('limits are held against the calls that filters choose, and stay in the address', async () => {
    await open('/decide?question=check');
    await page.getByRole('link', { name: 'begin with these' }).click();
    const result = page.getByRole('region', { name: 'What holds' });
    await result.waitFor();
    const limit = page.getByLabel('Silence p95, at most');
    assert.equal(await limit.inputValue(), '1500ms');
    await limit.fill('20s');
    await page.keyboard.press('Enter');
    await poll(async () => /at most 20\.0 s/.test(await result.innerText()));
    await addressHas('limit_silence_p95', '20s');
    const asked = address().searchParams;
    asked.delete('question');
    const answer = await ask<CheckAnswer>(`/api/check?since=7d&${asked}`);
    assert.equal(await result.locator('strong').innerText(), checkSentence(answer));
    await result.getByText('As a file for CI and Prometheus').click();
    await result.getByText('silence-p95: 20s').waitFor();
  });

  test('an open incident is said on every view, and leads to what it is and to its turns', async () => {
    await open('/cost');
    const banner = page.getByRole('complementary', { name: 'Open incidents' });
    await banner.getByRole('link', { name: incidentOwner(incident) }).click();
    await page.getByRole('heading', { level: 1, name: incidentOwner(incident) }).waitFor();
    await page.waitForURL(({ pathname }) => pathname === `/incidents/${incident.id}`);
    const spent = page.getByRole('region', { name: 'What the budget is spent on' });
    assert.match(await spent.innerText(), /endpointing setting\s+400 ms\s+410 ms/);
    const { slow_turns } = await ask<IncidentAnswer>(`/api/incidents/${incident.id}`);
    const [slowest] = slow_turns;
    assert.ok(slowest);
    await page.getByRole('region', { name: 'Slow turns' }).getByRole('link').first().click();
    await page.getByRole('region', { name: `Turn ${slowest.turn_index}` }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Incidents' }).click();
    await page.getByRole('row', { name: new RegExp(`^${incidentOwner(incident)}.* open`) }).waitFor();
    // Of the other one all is shown, as text.
    await page.getByRole('rowheader', { name: 'onerror="alert(1)"' }).waitFor();
  });

  test('what a span says stays text', async () => {
    await open(`/calls/${newest}`);
    await page.getByRole('heading', { level: 1, name: PLANTED.slice(0, 20) }).waitFor();
    assert.ok((await page.locator('.transcript').innerText()).includes(PLANTED.slice(0, 60)));
    const scores = await page.getByRole('region', { name: 'Scores' }).getByRole('listitem').allInnerTexts();
    assert.match(
      scores.join('\n'),
      /^politeness\s+0\.9\s+given.*\nsolved\s+<img src=x onerror="alert\(4\)">/s,
    );
    await open('/calls');
    await page.locator('.call-row').first().waitFor();
    assert.equal(await page.locator('img').count(), 0);
  });

  test('of a long call every turn can be chosen, and read, though not all of it is drawn at first', async () => {
    const long = { calls: 1, untilUs: Date.now() * 1_000 - 86_400e6, seed: 5, turns: 60 };
    const callId = callOf(0, long)[0]?.callId ?? '';
    await fillWorld(served.db, long);
    await open(`/calls/${callId}?turn=30`);
    const items = page.locator('.transcript li');
    await items.nth(59).waitFor();
    assert.match((await page.locator('.transcript li[aria-current]').innerText()) ?? '', /^turn 30 /);
    const places = page.getByRole('group', { name: 'Turns' }).getByRole('button');
    await places.nth(59).click();
    await page.getByRole('region', { name: 'Turn 59' }).waitFor();
    assert.deepEqual([await items.count(), await places.count()], [60, 60]);
    await items.first().click();
    await page.getByRole('region', { name: 'Turn 0' }).waitFor();
  });

  test('no call, and none of that kind, say what to do', async () => {
    await open('/calls?agent=none');
    await page.getByRole('link', { name: 'Clear the filters' }).waitFor();
    await open('/calls/none');
    await page.getByRole('heading', { name: 'There is no such call' }).waitFor();
    // A browser writes a line for a 404 of its own.
    complaints.all.splice(
      0,
      complaints.all.length,
      ...complaints.all.filter((text) => !text.includes('404')),
    );
  });

  test('every view can be read by everyone, light and dark, and fits a phone', async () => {
    const { calls } = await ask<CallsAnswer>('/api/calls?agent=survey&limit=1');
    const groups = frontiers();
    assert.ok(groups.some(({ result }) => result));
    await page.route('**/api/endpointing?*', (route) => route.fulfill({ json: { groups, notes: [] } }));
    const paths = [
      ...VIEWS,
      '/incidents',
      `/incidents/${incident.id}`,
      `/calls/${newest}`,
      `/calls/${calls[0]?.call.call_id}`,
    ];
    for (const [viewport, colorScheme] of [
      [{ ...WIDE, height: FEW_ROWS }, 'light'],
      [{ ...PHONE, height: FEW_ROWS }, 'dark'],
    ] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await open('/calls?agent=none');
      // By the debugger, which the page's policy does not bind.
      await page.evaluate(axe.source);
      for (const path of paths) {
        await page.evaluate(FOLLOW_LINK(path));
        await page.locator('.call-row, .chart-card, .compare-row, .decide-result, .turn').first().waitFor();
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(width <= viewport.width, `${path} is ${width} px wide on ${viewport.width}`);
        const hidden = await page.evaluate<string[]>(OUT_OF_SIGHT);
        const broken = path.startsWith('/decide') ? await page.evaluate<string[]>(BROKEN_WORDS) : [];
        assert.deepEqual([...hidden, ...broken], [], `${path} on ${viewport.width}`);
        const violations = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
          'axe.run({ resultTypes: ["violations"], preload: false }).then(({ violations }) => violations)',
        );
        const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html.slice(0, 160))]);
        assert.deepEqual(found, [], `${path} ${colorScheme}`);
      }
    }
  });

  test('through all of that no script failed, nothing was refused by the policy, no other host was asked', () => {
    assert.deepEqual(complaints.all, []);
    assert.deepEqual(served.errors, []);
  });
});

/** What runs in the page: text, as this program knows no documents. */

/** Sets `window.shown` to a promise: when what `selector` finds was there and drawn, and the first pixel was, in ms. */
export const SHOWN = (selector: string): string => `
  window.shown = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector(${JSON.stringify(selector)}) === null) return requestAnimationFrame(look);
      // Behind the frame that draws it.
      requestAnimationFrame(() => setTimeout(() => {
        const paint = performance.getEntriesByName('first-contentful-paint')[0];
        resolve({ rows: performance.now(), paint: paint ? paint.startTime : performance.now() });
      }));
    };
    look();
  });`;

/** Resolves when the browser has done what it does for a new tab: ten frames have come in time. */
export const CALM = `new Promise((resolve) => {
  let last = performance.now();
  let inTime = 0;
  const look = (now) => {
    inTime = now - last < 20 ? inTime + 1 : 0;
    last = now;
    if (inTime < 10) requestAnimationFrame(look);
    else resolve();
  };
  requestAnimationFrame(look);
})`;

/** Types a part of an id into the search, and takes it away again: ms until the rows were the ones that are meant. */
export const KEYSTROKE = `(async () => {
  const field = document.querySelector('input[type=search]');
  const rows = () => document.querySelectorAll('.call-row').length;
  const until = async (is) => {
    const deadline = performance.now() + 5000;
    while (!is() && performance.now() < deadline) await new Promise((done) => requestAnimationFrame(done));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  };
  const type = (value) => {
    field.value = value;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  };
  const before = rows();
  const id = document.querySelectorAll('.call-row')[7].querySelector('a').title;
  const start = performance.now();
  type(id.slice(2, 12));
  await until(() => rows() === 1);
  const took = performance.now() - start;
  type('');
  await until(() => rows() >= before);
  await new Promise((done) => setTimeout(done, 300));
  return took;
})()`;

/** Frames a second, the length of the slowest of a hundred, and the median work of one, in ms. */
export interface Panned {
  perSecond: number;
  p99: number;
  workMs: number;
}

/** Drags the timeline to and fro in every frame. */
export const PAN = `(async () => {
  const box = document.querySelector('.timeline-box');
  const { left, top } = box.getBoundingClientRect();
  const send = (type, x) => box.dispatchEvent(new PointerEvent(type, {
    bubbles: true, clientX: left + x, clientY: top + 40, buttons: type === 'pointerup' ? 0 : 1,
  }));
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  send('pointerdown', 600);
  await frame();
  const times = [];
  const work = [];
  const start = performance.now();
  let last = start;
  let x = 600;
  let step = -7;
  while (last - start < 1500) {
    if (x < 100 || x > 1100) step = -step;
    x += step;
    const began = performance.now();
    send('pointermove', x);
    // What is drawn in this frame is drawn by then.
    await new Promise((done) => queueMicrotask(done));
    await frame();
    box.getBoundingClientRect();
    const now = performance.now();
    times.push(now - last);
    last = now;
    work.push(began);
  }
  send('pointerup', x);
  times.sort((a, b) => a - b);
  return {
    perSecond: (times.length * 1000) / (last - start),
    p99: times[Math.floor(times.length * 0.99)],
    workMs: await cost(),
  };
  /** The same moves one after the other, without waiting for a frame: what each takes. */
  async function cost() {
    const all = [];
    send('pointerdown', 600);
    for (let i = 1; i <= 60; i++) {
      const began = performance.now();
      send('pointermove', 600 + (i % 2 === 0 ? 9 : -9));
      await new Promise((done) => setTimeout(done, 0));
      box.getBoundingClientRect();
      all.push(performance.now() - began);
    }
    send('pointerup', 600);
    return all.sort((a, b) => a - b)[30];
  }
})()`;

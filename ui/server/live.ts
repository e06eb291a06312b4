import type { ServerResponse } from 'node:http';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import { type CallKey, callKey, type Database } from '../../exporter/store/index.ts';
import { listFinishedSince, listRunning, type RunningCall } from '../../exporter/store/views/index.ts';
import type { FinishedEvent, ListedCall, LiveEvent } from '../shared/api.ts';
import { SAFE_HEADERS } from './answer.ts';

/** Between two looks at the database, and after one that failed, in milliseconds. */
const LOOK_MS = 1_000;
const TROUBLE_MS = 5_000;
/** A line without meaning, so that proxies keep a quiet stream open. */
const HEARTBEAT_MS = 15_000;
const MOST_FOLLOWERS = 100;
/** A follower that does not read so much is let go; it comes back by itself. */
const MOST_WAITING_BYTES = 1 << 20;

/**
 * What happens now, for every browser that looks: one reader of the database, which reads only while one does, and a
 * call's spans only when there are new ones.
 */
export class Live {
  readonly #db: Database;
  readonly #read: (call: CallKey) => Promise<ListedCall | undefined>;
  readonly #followers = new Set<ServerResponse>();
  readonly #known = new Map<CallKey, { version: string; listed: ListedCall }>();
  #running = 'event: running\ndata: {"running":[]}\n\n';
  #sinceUs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #saidAtMs = 0;
  #isClosed = false;

  /** @param read - a running call; undefined when it has none of its own any more */
  constructor(db: Database, read: (call: CallKey) => Promise<ListedCall | undefined>) {
    this.#db = db;
    this.#read = read;
  }

  /** @throws HttpError 503 */
  follow(response: ServerResponse): void {
    if (this.#isClosed || this.#followers.size >= MOST_FOLLOWERS)
      throw new HttpError(503, 'too many browsers follow', { 'retry-after': '10' });
    response.writeHead(200, {
      ...SAFE_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: 3000\n\n${this.#running}`);
    this.#followers.add(response);
    response.once('close', () => {
      this.#followers.delete(response);
      if (this.#followers.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    });
    if (this.#followers.size > 1 || this.#isLooking) return;
    this.#sinceUs = Date.now() * 1_000;
    void this.#look();
  }

  /** Ends all streams. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const follower of this.#followers) follower.end();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    let nextMs = LOOK_MS;
    try {
      await this.#runningNow();
      await this.#finished();
      if (Date.now() - this.#saidAtMs > HEARTBEAT_MS) this.#say(': \n\n');
    } catch {
      nextMs = TROUBLE_MS;
    }
    this.#isLooking = false;
    if (this.#followers.size === 0 || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#look(), nextMs);
  }

  async #runningNow(): Promise<void> {
    const running = await listRunning(this.#db);
    const keys = new Set(running.map(({ tenant, callId }) => callKey(callId, tenant)));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
    const listed: ListedCall[] = [];
    for (const call of running) {
      const one = await this.#listed(call);
      if (one !== undefined) listed.push(one);
    }
    const event = eventOf('running', { running: listed } satisfies LiveEvent);
    if (event === this.#running) return;
    this.#running = event;
    this.#say(event);
  }

  async #listed({ tenant, callId, version }: RunningCall): Promise<ListedCall | undefined> {
    const key = callKey(callId, tenant);
    const known = this.#known.get(key);
    if (known?.version === version) return known.listed;
    const listed = await this.#read(key);
    if (listed !== undefined) this.#known.set(key, { version, listed });
    return listed;
  }

  async #finished(): Promise<void> {
    const finished = await listFinishedSince(this.#db, this.#sinceUs);
    const last = finished.at(-1);
    if (last === undefined) return;
    this.#sinceUs = last.finalizedUs;
    const calls = finished.map(({ tenant, callId }) => ({ tenant, call_id: callId }));
    this.#say(eventOf('finished', { calls } satisfies FinishedEvent));
  }

  #say(text: string): void {
    this.#saidAtMs = Date.now();
    for (const follower of this.#followers) {
      if (follower.writableLength > MOST_WAITING_BYTES) follower.destroy();
      else follower.write(text);
    }
  }
}

/** JSON has no line breaks of its own: what a span says cannot begin another event. */
const eventOf = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

import type { StoredIncident } from '../../model/incidents.ts';
import { incidentJson } from '../incidents/json.ts';
import { Alarm } from '../kit/alarm.ts';
import { Episode } from '../kit/episode.ts';
import { IncidentMetrics } from '../metrics/incident-metrics.ts';
import { type Database, errorClass, openIncidents } from '../store/index.ts';
import { lookForIncidents } from './look.ts';
import { sendDue } from './messenger.ts';
import type { Webhook } from './webhook.ts';

type Fields = Readonly<Record<string, string | number | undefined>>;

export interface IncidentWorkerOptions {
  /** The silence that is still good, in seconds. */
  readonly budget: number;
  /** Absent: no one is told. */
  readonly webhook?: Webhook | undefined;
  readonly log: Readonly<Record<'info' | 'warn', (message: string, fields?: Fields) => void>>;
  /** Between two looks whether there is something to do, in milliseconds. (Default: 15 000 ms.) */
  readonly pollMs?: number;
}

const POLL_MS = 15_000;

/**
 * Looks for incidents, says what it finds, and sends what is to be sent, for as long as it runs. Any number may run, in any
 * process: what is known is in the database. Never throws, and does not keep the process alive.
 */
export class IncidentWorker {
  readonly #db: Database;
  readonly #options: IncidentWorkerOptions;
  readonly #metrics = new IncidentMetrics();
  readonly #trouble = new Episode();
  readonly #unheard = new Episode();
  readonly #stopping = new AbortController();
  #alarm: Alarm | undefined;
  #work: Promise<unknown> = Promise.resolve();

  constructor(db: Database, options: IncidentWorkerOptions) {
    this.#db = db;
    this.#options = options;
  }

  start(): void {
    if (this.#alarm !== undefined) return;
    this.#alarm = new Alarm(() => {
      this.#work = this.#round();
    });
    // Processes that are started together do not all look together.
    this.#alarm.within(Math.random() * this.#pollMs);
  }

  /** Looks no more. Resolves when the look under way is done; a message under way is tried again later. */
  async stop(): Promise<void> {
    this.#alarm?.stop();
    this.#alarm = undefined;
    this.#stopping.abort();
    await this.#work;
    this.#metrics.shutdown();
  }

  get #pollMs(): number {
    return this.#options.pollMs ?? POLL_MS;
  }

  async #round(): Promise<void> {
    const { budget, webhook, log } = this.#options;
    try {
      const { opened, closed, dropped } = await lookForIncidents(this.#db, {
        budget,
        tells: webhook !== undefined,
      });
      for (const incident of opened) log.warn('an incident is open', fieldsOf(incident));
      for (const incident of closed) log.info('an incident is over', fieldsOf(incident));
      this.#metrics.message('dropped', dropped);
      this.#metrics.opened((await openIncidents(this.#db)).map(({ owner }) => owner));
      if (webhook !== undefined) await this.#send(webhook);
      this.#trouble.end();
    } catch (error) {
      this.#metrics.opened(undefined);
      this.#trouble.begin(() =>
        log.warn('incidents cannot be looked for, and are tried again later', { error: errorClass(error) }),
      );
    }
    this.#alarm?.within(this.#pollMs);
  }

  async #send(webhook: Webhook): Promise<void> {
    const { log } = this.#options;
    await sendDue(this.#db, webhook, {
      signal: this.#stopping.signal,
      onFate: (fate, why) => {
        this.#metrics.message(fate);
        if (fate === 'taken') this.#unheard.end();
        else if (fate === 'again')
          this.#unheard.begin(() =>
            log.warn('the webhook of incidents did not take a message, and is tried again', { error: why }),
          );
        else log.warn('the webhook of incidents did not take a message, which is given up', { error: why });
      },
    });
  }
}

function fieldsOf(incident: StoredIncident): Fields {
  const { tenant, since, text, closed_as } = incidentJson(incident);
  return { incident: incident.id, tenant, since, text, ...(closed_as !== undefined && { closed_as }) };
}

import {
  IncidentWorker,
  WEBHOOK_SECRET,
  WEBHOOK_URL,
  Webhook,
  webhookKey,
  webhookUrl,
} from '../../exporter/incident-watch/index.ts';
import type { Log } from '../../exporter/receiver/index.ts';
import type { Database } from '../../exporter/store/index.ts';
import type { Settings } from '../../model/settings.ts';
import { UsageError } from '../command.ts';

type IncidentSettings = Pick<
  Settings,
  'incidents' | 'incidentWebhook' | 'incidentWebhookSecret' | 'latencyTarget'
>;

/** What looks for incidents beside a receiver; undefined where the settings say that nothing does. @throws UsageError */
export function incidentWorkerOf(
  db: Database,
  settings: IncidentSettings,
  log: Log,
): IncidentWorker | undefined {
  const webhook = webhookOf(settings);
  if (!settings.incidents) return undefined;
  return new IncidentWorker(db, { budget: settings.latencyTarget / 1_000, webhook, log });
}

/** @throws UsageError, which quotes neither the address nor the secret. */
function webhookOf({
  incidentWebhook: url,
  incidentWebhookSecret: secret,
}: IncidentSettings): Webhook | undefined {
  if (url === undefined) return undefined;
  if (webhookUrl(url) === undefined)
    throw new UsageError(
      `EARSHOT_INCIDENT_WEBHOOK: saw an address that is not shown, expected ${WEBHOOK_URL}.`,
    );
  if (secret === undefined || webhookKey(secret) === undefined)
    throw new UsageError(
      `EARSHOT_INCIDENT_WEBHOOK_SECRET: saw ${secret === undefined ? 'nothing' : 'a value that is not shown'}, expected ${WEBHOOK_SECRET}. Make one with: echo "whsec_$(openssl rand -base64 32)"`,
    );
  return new Webhook(url, secret);
}

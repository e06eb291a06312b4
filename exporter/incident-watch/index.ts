/** What `earshot serve` does about incidents: it looks for them and tells a webhook. */
export { WEBHOOK_SECRET, webhookKey } from './signature.ts';
export { WEBHOOK_URL, Webhook, webhookUrl } from './webhook.ts';
export { IncidentWorker } from './worker.ts';

import { webhooksOf } from '../../exporter/receiver/webhooks/hooks.ts';
import type { Settings } from '../../model/settings.ts';
import type { Finding } from './finding.ts';

/** A secret that can be guessed lets anyone write calls. */
const MIN_CHARACTERS = 16;

/** The webhooks that `earshot serve` has, where there are any. */
export function webhooksFinding(settings: Settings): Finding[] {
  const name = 'webhooks';
  const on = webhooksOf(settings).filter(({ secret }) => secret !== undefined);
  if (on.length === 0) return [];
  const short = on.find(({ secret = '' }) => secret.length < MIN_CHARACTERS);
  if (short !== undefined)
    return [
      {
        name,
        status: 'warn',
        text: `${short.variable} has fewer than ${MIN_CHARACTERS} characters: it can be guessed`,
        cure: 'Set the secret that the platform signs with, as its console shows it.',
      },
    ];
  const paths = on.map((webhook) => `/webhooks/${webhook.name}`).join(', ');
  return [{ name, status: 'ok', text: `earshot serve takes ${paths}` }];
}

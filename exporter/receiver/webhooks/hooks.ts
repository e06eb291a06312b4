import type { Fact } from '../../../model/facts.ts';
import { SETTINGS, type SettingKey, type Settings } from '../../../model/settings.ts';
import { PLATFORMS } from '../../../model/vocabulary.ts';
import { PLATFORM_READERS, type ReportOptions, reportFacts, twilioFacts } from '../../platforms/index.ts';
import { parseBody } from './json.ts';
import { bland, elevenlabs, retell, twilio, type Verify, vapi } from './signatures.ts';

/** One platform's webhook. */
export interface Webhook {
  /** Whose it is: the last part of its path. */
  readonly name: string;
  /** What shows that a request is the platform's. Absent: the webhook is not there. */
  readonly secret: string | undefined;
  /** The variable that has it. */
  readonly variable: string;
  readonly verify: Verify;
  /** @throws ReportError, HttpError 400 */
  read(body: Buffer, nowUs: number): Fact[];
}

/** The settings that webhooks are made of. */
export type WebhookSettings = Pick<
  Settings,
  (typeof SECRETS)[keyof typeof SECRETS] | 'webhookUrl' | 'captureContent' | 'tags'
>;

const SECRETS = {
  vapi: 'vapiSecret',
  retell: 'retellSecret',
  bland: 'blandSecret',
  elevenlabs: 'elevenlabsSecret',
  twilio: 'twilioSecret',
} as const satisfies Record<string, SettingKey>;

const VERIFY: Readonly<Record<keyof typeof SECRETS, Verify>> = { vapi, retell, bland, elevenlabs, twilio };

/** Every webhook, with a secret or without. */
export function webhooksOf(settings: WebhookSettings): Webhook[] {
  const options: ReportOptions = { captureContent: settings.captureContent, tags: settings.tags };
  const make = (name: keyof typeof SECRETS, read: Webhook['read']): Webhook => ({
    name,
    secret: settings[SECRETS[name]],
    variable: SETTINGS[SECRETS[name]].key,
    verify: VERIFY[name],
    read,
  });
  return [
    ...PLATFORMS.map((name) =>
      make(name, (body) => {
        const report = PLATFORM_READERS[name](parseBody(body));
        return report === undefined ? [] : reportFacts(report, options);
      }),
    ),
    make('twilio', (body, nowUs) => twilioFacts(new URLSearchParams(body.toString('utf8')), nowUs)),
  ];
}

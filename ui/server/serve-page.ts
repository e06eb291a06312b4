import { loadPriceList } from '../../exporter/pipeline/price-list.ts';
import { HttpDoor } from '../../exporter/receiver/door/http-door.ts';
import { type Database, errorCode } from '../../exporter/store/index.ts';
import type { Settings } from '../../model/settings.ts';
import { openKept } from '../../recordings/kept.ts';
import { Page } from './page.ts';

type PageSettings = Pick<
  Settings,
  | 'authToken'
  | 'allowedHosts'
  | 'callGap'
  | 'maxCallSpans'
  | 'latencyTarget'
  | 'traceUrl'
  | 'pricing'
  | 'prices'
  | 'recordings'
>;

export interface PageParts {
  db: Database;
  settings: PageSettings;
  /** Where the server listens that the page is part of. */
  host: string;
  /** Called with the class of an error that no request made. */
  onError(errorClass: string): void;
}

/**
 * Makes the page, for a server to mount: `answer` answers a request, `close` ends its streams.
 * @throws PageNotBuiltError, PlaceError
 */
export async function makePage({ db, settings, host, onError }: PageParts): Promise<Page> {
  return new Page({
    db,
    host,
    priceList: await loadPriceList(settings, () => onError('EARSHOT_PRICES')),
    targetSeconds: settings.latencyTarget / 1_000,
    callGapMs: settings.callGap,
    maxCallSpans: settings.maxCallSpans,
    traceUrl: settings.traceUrl,
    recordings: settings.recordings === undefined ? undefined : (await openKept(settings.recordings)).place,
    authToken: settings.authToken,
    allowedHosts: settings.allowedHosts,
    onError,
  });
}

export interface ServedPage {
  /** Where it is. */
  readonly url: string;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 256;
const CLOSE_GRACE_MS = 1_000;

/**
 * Serves the page by itself.
 * @throws PageNotBuiltError, or the system's error when it cannot listen, as when the port is taken and `orAnyPort` is not set.
 */
export async function servePage(
  parts: PageParts & { port: number; orAnyPort?: boolean },
): Promise<ServedPage> {
  const page = await makePage(parts);
  const open = (port: number) =>
    HttpDoor.open({
      host: parts.host,
      port,
      maxConnections: MAX_CONNECTIONS,
      handle: (request, response) => page.answer(request, response),
      onRefused: () => {},
    });
  const door = await open(parts.port).catch((error: unknown) => {
    if (parts.orAnyPort === true && errorCode(error) === 'EADDRINUSE') return open(0);
    throw error;
  });
  return {
    url: door.url,
    close: async () => {
      page.close();
      await door.close(CLOSE_GRACE_MS);
    },
  };
}

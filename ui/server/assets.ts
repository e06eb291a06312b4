import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { callAddress, filtersOf, listAddress, totalsAddress } from '../shared/query.ts';
import { packWell, sendBody } from './answer.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Views of the client: each is the same page, which shows what its address says. */
const VIEWS =
  /^\/(?:|calls|calls\/[^/]+|latency|cost|quality|compare|decide|incidents|incidents\/[0-9a-f]{1,12})$/;

/** What may stand in a header as it is. */
const WORD = /^[a-z]{1,20}$/;
const CALL = /^\/calls\/([^/]+)$/;

/** The files of the page are not there: it was not built, or this package was packed without it. */
export class PageNotBuiltError extends Error {
  override name = 'PageNotBuiltError';

  constructor(folder: string) {
    super(
      `the page is not built: there is no index.html in ${folder}. In a clone of the repository npm run build makes it; in a project, install earshot again.`,
    );
  }
}

/** What a view asks first, so that the browser asks it while it still reads the script. */
function preloads(path: string, query: URLSearchParams): Readonly<Record<string, string>> {
  const links = questionsOf(path, query).map((address) => `<${address}>; rel=preload; as=fetch; crossorigin`);
  return links.length === 0 ? {} : { link: links.join(', ') };
}

function questionsOf(path: string, query: URLSearchParams): string[] {
  if (path === '/' || path === '/calls') {
    const filters = filtersOf(query).toString();
    const order = query.get('order') ?? 'started';
    if (!WORD.test(order)) return [];
    // A search asks what its calls come to once it has found them.
    return [listAddress(filters, order), ...(query.get('id') ? [] : [totalsAddress(filters)])];
  }
  const [, id] = CALL.exec(path) ?? [];
  if (id === undefined) return [];
  try {
    const call = { tenant: query.get('tenant') ?? DEFAULT_TENANT, call_id: decodeURIComponent(id) };
    return [`/api${callAddress(call)}`];
  } catch {
    return []; // No well-formed id: the script says so.
  }
}

/** Names of assets change with their content. A browser asks for the icon again with each address that a page shows. */
function lastingOf(name: string): string {
  if (name.startsWith('/assets/')) return 'public, max-age=31536000, immutable';
  return name === '/icon.svg' ? 'public, max-age=86400' : 'no-cache';
}

/** The built client, in memory: a handful of small files, so that no path of a request ever reaches the disk. */
export class Assets {
  readonly #files: ReadonlyMap<string, Buffer>;
  readonly #packed = new Map<Buffer, Promise<Buffer>>();

  /** @throws PageNotBuiltError */
  constructor(folder = fileURLToPath(new URL('../web/', import.meta.url))) {
    if (!existsSync(join(folder, 'index.html'))) throw new PageNotBuiltError(folder);
    this.#files = new Map(
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && extname(entry.name) in TYPES)
        .map((entry) => `${entry.parentPath}/${entry.name}`)
        .map(
          (path) =>
            [`/${path.slice(folder.length).replaceAll('\\', '/').replace(/^\/+/, '')}`, path] as const,
        )
        .map(([name, path]) => [name, readFileSync(path)]),
    );
  }

  /** Answers with the file at a path, or with the page where the path is a view's. False: there is neither. */
  async send(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams = new URLSearchParams(),
  ): Promise<boolean> {
    const name = VIEWS.test(path) ? '/index.html' : path;
    const file = this.#files.get(name);
    if (file === undefined) return false;
    const type = TYPES[extname(name)] ?? 'application/octet-stream';
    const lasting = lastingOf(name);
    const headers = { 'content-type': type, 'cache-control': lasting, ...preloads(path, query) };
    await sendBody(request, response, 200, headers, file, (body) => this.#pack(body));
    return true;
  }

  /** Once for each file. */
  #pack(file: Buffer): Promise<Buffer> {
    const packed = this.#packed.get(file) ?? packWell(file);
    this.#packed.set(file, packed);
    return packed;
  }
}

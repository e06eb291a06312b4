import { SDKS } from '../../instrumentation/sdks/index.ts';
import type { Finding } from './finding.ts';
import { askedFor, findCopies, findPackage } from './packages.ts';
import { compareVersions, isInRange } from './versions.ts';

const NODE = '>=20.19.0';
const WS = '>=8.0.0 <9';
/** Node's own, without an option. */
const GLOBAL_WEBSOCKET = '>=22.0.0';
const API = '@opentelemetry/api';

/** What is installed in the project in `folder`. */
export const projectFindings = (folder: string, node: string = process.versions.node): Finding[] => [
  nodeFinding(node),
  earshotFinding(folder),
  ...sdkFindings(folder),
  withoutSdkFinding(folder, node),
  ...apiFindings(folder),
];

function nodeFinding(version: string): Finding {
  if (isInRange(version, NODE)) return { name: 'Node', status: 'ok', text: version };
  return { name: 'Node', status: 'fail', text: `${version} is too old`, cure: `Use Node 20.19 or newer.` };
}

function earshotFinding(folder: string): Finding {
  const found = findPackage('earshot', folder);
  if (found) return { name: 'earshot', status: 'ok', text: found.version };
  return {
    name: 'earshot',
    status: 'warn',
    text: 'is not installed in this project: node --import earshot/register finds nothing',
    cure: `npm install earshot ${API}`,
  };
}

/** What is part of Node is in no folder. */
const isPackage = ({ modules }: { readonly modules?: readonly string[] }): boolean => modules?.length !== 0;

function sdkFindings(folder: string): Finding[] {
  const asked = askedFor(folder);
  const ranges = new Map(
    [...new Set(SDKS.filter(isPackage).map(({ packageName }) => packageName))].map((name) => [
      name,
      SDKS.filter(({ packageName }) => packageName === name).flatMap((sdk) => sdk.supportedVersions),
    ]),
  );
  const findings = [...ranges].flatMap(([name, supported]): Finding[] => {
    const found = findPackage(name, folder);
    if (found === undefined) return [];
    const { version } = found;
    if (supported.some((range) => isInRange(version, range))) return [{ name, status: 'ok', text: version }];
    // Another package's dependency is not the agent's choice.
    if (!asked.has(name)) return [];
    const text = `${version} is not instrumented; supported are ${[...new Set(supported)].join(', ')}`;
    return [{ name, status: 'warn', text, cure: `npm install ${name}@${newestMajor(supported)}` }];
  });
  if (findings.length > 0) return findings;
  return [
    {
      name: 'SDKs',
      status: 'warn',
      text: 'none that is instrumented is installed here',
      cure: 'See docs/sdks.md, or tell calls by startCall. An agent in another language sends its spans over OTLP.',
    },
  ];
}

/** What is followed of an agent that speaks to providers itself. */
function withoutSdkFinding(folder: string, node: string): Finding {
  const sockets = [
    ...(isInRange(findPackage('ws', folder)?.version ?? '', WS) ? ['ws'] : []),
    ...(isInRange(node, GLOBAL_WEBSOCKET) ? ['WebSocket'] : []),
  ];
  const requests = 'requests of fetch, undici and node:https';
  const text = sockets.length > 0 ? `${requests}, sockets of ${sockets.join(' and ')}` : requests;
  return { name: 'without SDK', status: 'ok', text: `${text}, to providers that are known` };
}

/** The newest that is supported: `>=6.0.0 <8` has 7. Below 1.0 that is major version 0. */
function newestMajor(ranges: readonly string[]): number {
  const ends = ranges.map((range) => Number(/<(\d+)/.exec(range)?.[1] ?? 1));
  return Math.max(...ends) - 1;
}

/** Copies share what is registered, and one that is newer than the one that registers sees nothing. */
function apiFindings(folder: string): Finding[] {
  const name = API;
  const copies = findCopies(API, folder);
  const used = findPackage(API, findPackage('earshot', folder)?.folder ?? folder);
  if (used === undefined)
    return [{ name, status: 'warn', text: 'is not installed', cure: `npm install ${API}` }];
  const newer = copies.filter(({ version }) => (compareVersions(version, used.version) ?? 0) > 0);
  const text = copies.length > 1 ? `${used.version}, and ${copies.length - 1} more` : used.version;
  if (newer.length === 0) return [{ name, status: 'ok', text }];
  const [{ version, folder: where } = { version: '', folder: '' }] = newer;
  return [
    {
      name,
      status: 'warn',
      text: `earshot uses ${used.version}; what uses ${version} (${where}) gives no spans`,
      cure: `npm install ${API}@${version} && npm dedupe`,
    },
  ];
}

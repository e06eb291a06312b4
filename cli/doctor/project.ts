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

type Sdk = (typeof SDKS)[number];

/** What is part of Node is in no folder, and has no version. */
const isPackage = ({ supportedVersions, wireVersions = [] }: Sdk): boolean =>
  supportedVersions.length + wireVersions.length > 0;

type Ranges = (sdk: Sdk) => readonly string[];

/** Version ranges of a package, of which several SDKs may be instrumented. */
const rangesOf = (name: string, ranges: Ranges): readonly string[] => [
  ...new Set(SDKS.filter(({ packageName }) => packageName === name).flatMap(ranges)),
];

function sdkFindings(folder: string): Finding[] {
  const asked = askedFor(folder);
  const names = new Set(SDKS.filter(isPackage).map(({ packageName }) => packageName));
  const findings = [...names].flatMap((name): Finding[] => {
    const found = findPackage(name, folder);
    if (found === undefined) return [];
    const { version } = found;
    const supported = rangesOf(name, (sdk) => sdk.supportedVersions);
    const onTheWire = rangesOf(name, (sdk) => sdk.wireVersions ?? []);
    const isIn = (ranges: readonly string[]): boolean => ranges.some((range) => isInRange(version, range));
    if (isIn(supported)) return [{ name, status: 'ok', text: version }];
    if (isIn(onTheWire))
      return [{ name, status: 'ok', text: `${version}, followed by what it says on the wire` }];
    // Another package's dependency is not the agent's choice.
    if (!asked.has(name)) return [];
    const known = [...onTheWire, ...supported];
    const text = `${version} is not instrumented; supported are ${known.join(', ')}`;
    return [{ name, status: 'warn', text, cure: `npm install ${name}@${newestMajor(known)}` }];
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

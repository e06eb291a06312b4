import { execFile, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from './root.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A manifest, as far as tests look into it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const FOLDER = join(packageRoot, 'deploy/kubernetes');
const run = promisify(execFile);

const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Manifest);

/** Every file below deploy/kubernetes but the kustomizations, as it is written. */
export const writtenManifests = (): Manifest[] =>
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('kustomization.yaml'))
    .flatMap((name) => manifestsIn(readFileSync(join(FOLDER, name), 'utf8')));

/** Why nothing can be rendered; false where it can. */
export const noKubectl: string | false =
  spawnSync('kubectl', ['version', '--client']).error !== undefined && 'kubectl is not installed';

/** What `kubectl apply --kustomize deploy/kubernetes/NAME` sends to the cluster. */
export async function rendered(name: string): Promise<Manifest[]> {
  const { stdout } = await run('kubectl', ['kustomize', join(FOLDER, name)], { maxBuffer: 1 << 24 });
  return manifestsIn(stdout);
}

/** Where the packages of schemas have a kind. */
const moduleOf = ({ apiVersion, kind }: Manifest): string =>
  apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`
    : `kubernetes-models/${apiVersion}/${kind}`;

/**
 * Whether manifests are as the API of Kubernetes has them: what is required, of which type and form, and no field that
 * is unknown, which a cluster would take without a word. Gives what is wrong with them; empty when nothing is.
 */
export async function schemaProblems(t: TestContext, manifests: readonly Manifest[]): Promise<string> {
  const problems: string[] = [];
  for (const manifest of manifests) {
    const { [manifest.kind]: Model } = await import(moduleOf(manifest));
    try {
      new Model(manifest).validate();
    } catch (error) {
      problems.push(`${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`);
    }
  }
  return [...problems, await unknownFields(t, manifests)].join('\n').trim();
}

/** As literals of their types, whose unknown fields the compiler refuses. */
async function unknownFields(t: TestContext, manifests: readonly Manifest[]): Promise<string> {
  const folder = await temporaryFolder(t);
  const constants = manifests.map(
    (manifest, index) =>
      `export const manifest${index}: import('${moduleOf(manifest)}').I${manifest.kind} = ${JSON.stringify(manifest, null, 1)};`,
  );
  await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  await mkdir(join(folder, 'out'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'manifests.ts'), constants.join('\n'));
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--types', '', '--module', 'nodenext'];
  const tsc = join(packageRoot, 'node_modules/typescript/bin/tsc');
  try {
    await run(process.execPath, [tsc, ...options, 'manifests.ts'], { cwd: folder });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

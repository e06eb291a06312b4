import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SETTINGS } from '../../../model/settings.ts';
import { composeEnvironment, environmentOf, readText, readYaml } from '../../support/deployment.ts';
import {
  type Manifest,
  noKubectl,
  rendered,
  schemaProblems,
  writtenManifests,
} from '../../support/kubernetes.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: unknown;
  readonly livenessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly readinessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly resources: { readonly limits?: { readonly memory?: string } };
  readonly securityContext: unknown;
}
interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
}
interface Workload extends Manifest {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

const WRITTEN = writtenManifests();
const WORKLOADS = WRITTEN.filter((manifest): manifest is Workload =>
  ['Deployment', 'StatefulSet', 'Job'].includes(manifest.kind),
);
const containerOf = (name: string): Container => {
  const [container] =
    WORKLOADS.find(({ metadata }) => metadata.name === name)?.spec.template.spec.containers ?? [];
  assert.ok(container, name);
  return container;
};

const RENDERED = ['pipeline', 'openshift', 'migrate', 'monitoring'];

test('every manifest, written or rendered, is as the schemas of Kubernetes and of the Prometheus Operator have it', async (t) => {
  assert.ok(WRITTEN.length >= 10);
  const all = noKubectl ? [] : (await Promise.all(RENDERED.map(rendered))).flat();
  // All at once: to read the schemas is most of the work.
  assert.equal(await schemaProblems(t, [...WRITTEN, ...all]), '');
});

test('a misspelt field, a wrong type and a missing one are found', async (t) => {
  const [service] = WRITTEN.filter(({ kind }) => kind === 'Service');
  const specs = [{ portz: [] }, { ports: [{ port: 'x' }] }, { ports: [{ name: 'b' }] }];
  const problems = await schemaProblems(
    t,
    specs.map((spec) => ({ ...service, spec }) as unknown as Manifest),
  );
  assert.match(problems, /portz.*does not exist/);
  assert.match(problems, /ports\/0\/port must be integer/);
  assert.match(problems, /ports\/0 must have required property port/);
});

for (const name of RENDERED)
  test(`${name} is rendered, into one namespace`, { skip: noKubectl }, async () => {
    const manifests = await rendered(name);
    for (const { kind, metadata } of manifests)
      assert.equal(metadata.namespace, 'earshot', `${kind} ${metadata.name}`);
    const texts = JSON.stringify(manifests);
    // Generated names are followed by a hash, where they are used as well.
    assert.doesNotMatch(texts, /"name":"collector-config"/);
    if (name === 'openshift') assert.doesNotMatch(texts, /fsGroup|runAsUser/);
  });

test('every pod runs as any user but root, with a read-only root and nothing it does not need', () => {
  for (const { metadata, spec } of WORKLOADS) {
    const { securityContext, automountServiceAccountToken, containers } = spec.template.spec;
    assert.equal(automountServiceAccountToken, false, metadata.name);
    assert.equal(securityContext.runAsNonRoot, true, metadata.name);
    assert.equal(securityContext.runAsUser, undefined, metadata.name);
    assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' }, metadata.name);
    for (const container of containers) {
      assert.deepEqual(
        container.securityContext,
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        metadata.name,
      );
      assert.match(container.resources.limits?.memory ?? '', /^\d+[MG]i$/, metadata.name);
    }
  }
  // Kubernetes can only tell by a number that a user is not root.
  assert.match(readText('Dockerfile'), /^USER \d+:0$/m);
});

test('what stays has probes at ports that it opens; life does not depend on the database', () => {
  for (const { kind, metadata, spec } of WORKLOADS) {
    if (kind === 'Job') continue;
    for (const { ports = [], startupProbe, livenessProbe, readinessProbe } of spec.template.spec.containers) {
      const names = ports.map(({ name }) => name);
      assert.ok(startupProbe, metadata.name);
      assert.ok(names.includes(livenessProbe?.httpGet.port ?? ''), metadata.name);
      assert.ok(names.includes(readinessProbe?.httpGet.port ?? ''), metadata.name);
    }
  }
  const { livenessProbe, readinessProbe } = containerOf('earshot');
  assert.equal(livenessProbe?.httpGet.path, '/healthz');
  assert.equal(readinessProbe?.httpGet.path, '/readyz');
});

test('variables are settings, or read by the collector; secrets are never values', () => {
  const settings = Object.values(SETTINGS).map(({ key }) => key as string);
  const collector = ['gateway', 'content'].flatMap((file) =>
    environmentOf(readText(`collector-config/${file}.yaml`)),
  );
  for (const name of ['earshot', 'earshot-migrate'])
    for (const variable of containerOf(name).env) assert.ok(settings.includes(variable.name), variable.name);
  for (const { name } of containerOf('collector').env)
    if (name !== 'GOMEMLIMIT') assert.ok(collector.includes(name), name);
  const secret = /URL$|TOKEN$|PASSWORD/;
  for (const { name, value } of WORKLOADS.flatMap(({ spec }) => spec.template.spec.containers).flatMap(
    ({ env }) => env,
  ))
    if (secret.test(name) && name !== 'EARSHOT_SERVE_URL') assert.equal(value, undefined, name);
});

test('the collector is the one of Compose; its ports are those of the gateway', () => {
  const { image, ports = [] } = containerOf('collector');
  assert.equal(image.split(':')[1], composeEnvironment().COLLECTOR_VERSION);
  const gateway = readText('collector-config/gateway.yaml');
  for (const { containerPort } of ports) assert.match(gateway, new RegExp(`[:-]${containerPort}\\}`));
});

test('service monitors scrape ports of services, under the names of jobs that Prometheus has elsewhere', () => {
  interface Monitor extends Manifest {
    readonly spec: {
      readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
      readonly endpoints: readonly {
        readonly port: string;
        readonly relabelings?: readonly { readonly replacement: string }[];
      }[];
    };
  }
  interface Service extends Manifest {
    readonly spec: { readonly ports: readonly { readonly name: string }[] };
  }
  const ofKind = <T extends Manifest>(kind: string) => WRITTEN.filter((one) => one.kind === kind) as T[];
  const jobs: string[] = [];
  for (const { spec } of ofKind<Monitor>('ServiceMonitor')) {
    const [name = ''] = Object.values(spec.selector.matchLabels);
    const service = ofKind<Service>('Service').find(({ metadata }) => metadata.name === name);
    const ports = service?.spec.ports.map((port) => port.name);
    for (const { port, relabelings } of spec.endpoints) {
      assert.ok(ports?.includes(port), `${name}: ${port}`);
      jobs.push(relabelings?.[0]?.replacement ?? name);
    }
  }
  const { scrape_configs: scraped } = readYaml<{ scrape_configs: readonly { job_name: string }[] }>(
    'prometheus/prometheus.yml',
  );
  assert.deepEqual([...jobs, 'jaeger'].sort(), scraped.map(({ job_name: job }) => job).sort());
});

// SPDX-License-Identifier: Apache-2.0
// Containerfile and the examples for containers: they are well formed, and fit each other and the program.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const examples = path.join(root, 'examples');
const USER = 65532;
const STOP_S = 30; // shutdown_delay of the image and shutdown_timeout

// The documents of a YAML file.
async function yaml(text) {
    const program =
        'import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.argv[1]))))';
    const { stdout } = await run('/usr/bin/python3', ['-c', program, text]);
    return JSON.parse(stdout);
}

const folder = path.join(examples, 'kubernetes');
const names = await readdir(folder);
const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
const documents = (await Promise.all(texts.map(yaml))).flat();
const kind = (wanted) => documents.find((one) => one.kind === wanted);
const image = await readFile(path.join(root, 'Containerfile'), 'utf8');

test('compose: two nodes, PostgreSQL and nginx, whose file leads to both', async () => {
    const file = path.join(examples, 'compose.yaml');
    const { stdout } = await run('docker-compose', ['-f', file, 'config']);
    const [{ services, secrets }] = await yaml(stdout);
    assert.deepEqual(Object.keys(services).sort(), ['caldock-1', 'caldock-2', 'nginx', 'postgres']);
    const nginx = await readFile(path.join(examples, 'compose/nginx.conf'), 'utf8');
    for (const name of ['caldock-1', 'caldock-2']) {
        const node = services[name];
        assert.ok(node.read_only && node.cap_drop.includes('ALL'));
        assert.ok(parseInt(node.stop_grace_period, 10) > STOP_S);
        assert.ok(nginx.includes(`server ${name}:8080;`));
        for (const [key, value] of Object.entries(node.environment)) {
            if (key.endsWith('_FILE')) assert.ok(path.basename(value) in secrets, key);
        }
    }
});

const pods = ['Deployment', 'Job'].map(kind);

test('kubernetes: pods have no rights, and a stop has its time', () => {
    for (const { spec } of pods) {
        const pod = spec.template.spec;
        const [container] = pod.containers;
        const { runAsUser, runAsNonRoot, fsGroup } = pod.securityContext;
        assert.deepEqual([runAsUser, runAsNonRoot, fsGroup], [USER, true, USER]);
        const rights = container.securityContext;
        assert.ok(rights.readOnlyRootFilesystem && !rights.allowPrivilegeEscalation);
        assert.deepEqual(rights.capabilities.drop, ['ALL']);
        assert.equal(pod.volumes[0].secret.defaultMode, 0o440);
        const [{ mountPath }] = container.volumeMounts;
        for (const { name, value } of container.env)
            if (name.endsWith('_FILE')) assert.equal(path.dirname(value), mountPath, name);
    }
    const { spec } = kind('Deployment').spec.template;
    assert.ok(spec.terminationGracePeriodSeconds > STOP_S);
    assert.deepEqual(kind('Job').spec.template.spec.containers[0].args, ['store', 'migrate']);
});

test('kubernetes: probes, service, budget and policies mean the pods of the deployment', () => {
    const { template, selector, replicas } = kind('Deployment').spec;
    const { labels } = template.metadata;
    const [{ ports, ...probes }] = template.spec.containers;
    assert.deepEqual(selector.matchLabels, labels);
    assert.deepEqual(kind('Service').spec.selector, labels);
    assert.deepEqual(kind('PodDisruptionBudget').spec.selector.matchLabels, labels);
    assert.ok(kind('PodDisruptionBudget').spec.minAvailable < replicas);
    assert.deepEqual(kind('NetworkPolicy').spec.podSelector.matchLabels, labels);
    const paths = Object.fromEntries(
        ['startupProbe', 'readinessProbe', 'livenessProbe'].map((name) => {
            assert.equal(probes[name].httpGet.port, ports[0].name);
            return [name, probes[name].httpGet.path];
        }),
    );
    assert.deepEqual(paths, {
        startupProbe: '/healthz',
        readinessProbe: '/readyz',
        livenessProbe: '/healthz',
    });
    assert.match(image, new RegExp(`^EXPOSE ${ports[0].containerPort}$`, 'm'));
});

test('kubernetes: from outside only the callbacks and /notify are reached, and nothing is open to all', () => {
    const { rules, tls } = kind('Ingress').spec;
    const open = rules.flatMap(({ http }) => http.paths.map((one) => one.path));
    assert.deepEqual(open, ['/oauth2/callback', '/notify']);
    assert.deepEqual(
        tls.flatMap(({ hosts }) => hosts),
        rules.map(({ host }) => host),
    );
    const { ingress, policyTypes } = kind('NetworkPolicy').spec;
    assert.deepEqual(policyTypes, ['Ingress']);
    for (const { from, ports } of ingress) {
        assert.equal(ports.length, 1);
        assert.ok(from.length > 0);
        for (const { namespaceSelector, podSelector } of from)
            assert.ok(Object.keys((podSelector ?? namespaceSelector).matchLabels).length);
    }
    const [{ ports, env }] = kind('Deployment').spec.template.spec.containers;
    const closed = ingress.filter(({ ports: [{ port }] }) => port === 'metrics');
    assert.deepEqual(closed.flatMap(({ from }) => from).map((one) => one.podSelector.matchLabels), [
        { scrapes: 'caldock' },
    ]);
    const { value } = env.find(({ name }) => name === 'CALDOCK_SERVER_METRICS_LISTEN');
    assert.equal(ports.find(({ name }) => name === 'metrics').containerPort, Number(value.split(':')[1]));
});

test('the image runs as the user that the examples name, and asks for its health', () => {
    const last = image.slice(image.lastIndexOf('\nFROM '));
    assert.match(last, new RegExp(`^USER ${USER}:${USER}$`, 'm'));
    assert.match(last, /^HEALTHCHECK .*CMD \["caldock", "health"\]$/m);
    assert.match(last, /^COPY --from=build /m);
    assert.doesNotMatch(last, /PACKAGES_BUILD/);
});

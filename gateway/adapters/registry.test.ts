import t from 'tap'
import type { Test } from 'tap'
import { temporaryFolder } from '../harness/process.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { openClient } from '../pdnd/platform-fixture.ts'
import { PlatformRegistry } from '../pdnd/platform-registry.ts'
import { RegistryFeed } from '../pdnd/registry-feed.ts'
import { clientKeyPath } from '../sandbox/key-store.ts'
import { createLiveRegistry } from '../sandbox/live-registry.ts'
import { startSandbox, testTime } from '../sandbox/sandbox-fixture.ts'
import { registryOf } from './registry-file.ts'
import { suiteApiClient, suiteFile, suiteServed, testRegistry } from './registry-suite.ts'
import { snapshotFile } from './snapshot-file.ts'

const many = { limit: 100_000, interval: 1000 }

/** The registry of a sandbox, read over the interop API. */
async function openOn (t: Test, version: 'v2' | 'v3'): Promise<PlatformRegistry> {
  const sandbox = await startSandbox(t, { registryFile: suiteFile, voucherRate: many })
  const environment = { ...sandboxEnvironment(), jwksUri: `${sandbox.url}/.well-known/jwks.json`, apiBase: sandbox.url, tokenUrl: `${sandbox.url}/token.oauth2` }
  const { api, now, warn } = await openClient(t, { environment, now: testTime }, version, { client: { version, clientId: suiteApiClient, privateKey: clientKeyPath(sandbox.stateDir, suiteApiClient) } })
  const registry = new PlatformRegistry({ api, served: suiteServed, local: undefined, staleMs: 24 * 60 * 60 * 1000, now, warn })
  const snapshot = snapshotFile({ folder: await temporaryFolder(t), name: 'registry.json', source: 'suite', now, warn })
  await new RegistryFeed({ api, served: suiteServed, registry, snapshot, now }).read()
  await snapshot.idle()
  return registry
}

t.test('the registry of a file', async (t) => testRegistry(t, async () => registryOf(suiteFile)))
t.test('the registry of the sandbox', async (t) => testRegistry(t, async () => createLiveRegistry(suiteFile)))
for (const version of ['v2', 'v3'] as const) t.test(`the registry of the platform (${version})`, async (t) => testRegistry(t, async (t) => openOn(t, version)))

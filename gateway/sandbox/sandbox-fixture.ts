import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import type { Test } from 'tap'
import { readRegistryFile } from '../adapters/registry-file.ts'
import type { RegistryFile } from '../adapters/registry-file.ts'
import { readKeyPair } from '../pdnd/key-file.ts'
import type { KeyPair } from '../pdnd/key-file.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { buildSandbox } from './app.ts'
import type { SandboxOptions } from './app.ts'
import { clientKeyPath } from './key-store.ts'
import { layKeys } from './keys-fixture.ts'

/** The moment at which the tests' sandboxes live, in epoch ms and seconds. */
export const testTime = Date.parse('2026-11-21T10:00:00Z')
export const testSeconds = testTime / 1000

/** A listening sandbox of a test: its address and what its consumers hold. */
export interface TestSandbox {
  readonly url: string
  readonly file: RegistryFile
  readonly stateDir: string
  readonly keyOf: (clientAlias: string) => Promise<KeyPair>
  readonly idOf: (kind: 'clients' | 'purposes' | 'tenants' | 'eservices', alias: string) => string
}

/** The demo registry, as the sandbox itself starts with. */
export async function demoRegistry (): Promise<RegistryFile> {
  return readRegistryFile(join(import.meta.dirname, 'registry.yaml'))
}

/** Starts a sandbox on a free loopback port and stops it when the test ends. */
export async function startSandbox (t: Test, options: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const { issuer, clientAssertionAudience } = sandboxEnvironment()
  const file = options.registryFile ?? await demoRegistry()
  const stateDir = options.stateDir ?? join(t.testdir(), 'state')
  if (options.stateDir === undefined) await layKeys(stateDir)
  const app = await buildSandbox({
    registryFile: file,
    stateDir,
    now: () => testTime,
    randomUUID,
    issuer,
    assertionAudience: clientAssertionAudience,
    allowedOrigins: ['http://127.0.0.1:8080', 'http://localhost:8080'],
    ...options
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const idOf: TestSandbox['idOf'] = (kind, alias) => file[kind].find((item) => item.alias === alias)!.id
  return { url, file, stateDir, idOf, keyOf: (alias) => readKeyPair(clientKeyPath(stateDir, idOf('clients', alias))) }
}

/** What a test changes of a valid assertion; `undefined` takes a member out. */
export interface AssertionChanges {
  readonly client?: string
  readonly purpose?: string
  readonly payload?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly key?: KeyPair
}

/** A client assertion of a demo client (ISTAT's on tickets unless told), valid but for the changes. */
export async function signAssertion (sandbox: TestSandbox, changes: AssertionChanges = {}): Promise<string> {
  const { client = 'istat', purpose = 'istat-tickets' } = changes
  const key = await sandbox.keyOf(client)
  const clientId = sandbox.idOf('clients', client)
  const payload = {
    iss: clientId,
    sub: clientId,
    aud: sandboxEnvironment().clientAssertionAudience,
    jti: randomUUID(),
    iat: testSeconds,
    exp: testSeconds + 60,
    purposeId: sandbox.idOf('purposes', purpose),
    ...changes.payload
  }
  const header = { alg: 'RS256', typ: 'JWT', kid: key.kid, ...changes.header }
  return new SignJWT(payload).setProtectedHeader(header).sign((changes.key ?? key).privateKey)
}

/** Posts a token request; `fields` replaces fields of the form, `undefined` takes one out. */
export async function postTokenRequest (url: string, assertion: string, fields: Record<string, string | undefined> = {},
  headers: Record<string, string> = {}, path = '/token.oauth2'): Promise<Response> {
  const form = {
    client_assertion: assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    grant_type: 'client_credentials',
    ...fields
  }
  const sent = Object.entries(form).flatMap(([name, value]) => value === undefined ? [] : [[name, value]])
  return fetch(`${url}${path}`, { method: 'POST', headers, body: new URLSearchParams(sent) })
}

/** Posts JSON and reads the answer. */
export async function postJson (url: string, body: unknown, headers: Record<string, string> = {}):
Promise<{ status: number, headers: Headers, body: Record<string, any> }> {
  const sent = { 'content-type': 'application/json', ...headers }
  const response = await fetch(url, { method: 'POST', headers: sent, body: JSON.stringify(body) })
  return { status: response.status, headers: response.headers, body: await response.json() as Record<string, any> }
}

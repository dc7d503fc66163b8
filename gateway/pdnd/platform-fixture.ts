import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { JwksKeys } from '../adapters/jwks.ts'
import { temporaryFolder } from '../harness/process.ts'
import type { PdndEnvironment } from '../pdnd-environments.ts'
import type { ApiClient } from './api-voucher.ts'
import { InteropApi } from './interop-api.ts'
import { openPlatformConnection } from './platform-connection.ts'

/** A platform that behaves as a test wants it to, over real sockets, and clients of it. Used by tests only. */

export const clientId = '0a4d7f92-b3e1-4c68-95fa-e7c1d0b8a567'
export const platformKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const platformKid = 'platform-key-1'
const clientKeyPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })

/** How an API request is answered. */
export type Answering = (request: IncomingMessage, response: ServerResponse) => void

/** A platform of a test: what it was asked for below the version, how many vouchers it gave, a clock to set, and how it answers. */
export interface TestPlatform {
  readonly origin: string
  readonly environment: PdndEnvironment
  readonly asked: string[]
  readonly headers: IncomingMessage['headers'][]
  vouchers: number
  now: number
  answer: Answering
  /** How the token endpoint answers; a good voucher that lives for ten minutes unless told. */
  grant: Answering
  jwks: Answering
}

/** Starts one on a free port; it ends with the test. */
export async function startPlatform (t: Pick<Test, 'teardown'>): Promise<TestPlatform> {
  const server = createServer((request, response) => { route(platform, request, response) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const platform: TestPlatform = {
    origin,
    environment: { issuer: 'platform.test', jwksUri: `${origin}/jwks.json`, apiBase: origin, tracingBase: origin, tokenUrl: `${origin}/token`, clientAssertionAudience: 'platform.test/client-assertion' },
    asked: [],
    headers: [],
    vouchers: 0,
    now: Date.parse('2026-11-21T10:00:00Z'),
    answer: json({}),
    grant: (request, response) => json({ access_token: `voucher-${platform.vouchers}`, token_type: request.headers['dpop'] === undefined ? 'Bearer' : 'DPoP', expires_in: 600 })(request, response),
    jwks: json({ keys: [{ ...platformKey.publicKey.export({ format: 'jwk' }), kid: platformKid, use: 'sig', alg: 'RS256' }] })
  }
  return platform
}

function route (platform: TestPlatform, request: IncomingMessage, response: ServerResponse): void {
  const { url = '' } = request
  if (url === '/jwks.json') return platform.jwks(request, response)
  if (url === '/token') {
    platform.vouchers++
    return platform.grant(request, response)
  }
  platform.asked.push(url)
  platform.headers.push(request.headers)
  return platform.answer(request, response)
}

/** Answers JSON. */
export function json (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answering {
  return (_request, response) => { response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)) }
}

/** The platform's "not found". */
export const notFound = json({ type: 'about:blank', status: 404, title: 'Not found' }, 404)

/** What a test changes of a signed answer; a member set to undefined is left out. `sent` are the bytes that go out instead of those that were signed. */
export interface SignedChanges {
  readonly status?: number
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: { readonly privateKey: typeof platformKey.privateKey }
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  readonly sent?: string
}

/** Answers JSON as v3 of the interop API does, signed by the platform, but for the changes. */
export function signed (platform: TestPlatform, body: unknown, changes: SignedChanges = {}): Answering {
  return (_request, response) => {
    const content = JSON.stringify(body)
    const digest = `SHA-256=${createHash('sha256').update(content).digest('base64')}`
    const iat = Math.floor(platform.now / 1000)
    const parts = [
      { alg: 'RS256', use: 'sig', typ: 'at+jwt', kid: platformKid, ...changes.header },
      { jti: randomUUID(), iss: 'platform.test', iat, exp: iat + 100, signed_headers: [{ digest }, { 'x-correlation-id': 'c1' }, { 'content-type': 'application/json' }], ...changes.claims }
    ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const signature = sign('sha256', Buffer.from(parts), (changes.key ?? platformKey).privateKey).toString('base64url')
    const headers = { 'content-type': 'application/json', 'x-correlation-id': 'c1', digest, 'agid-jwt-signature': `${parts}.${signature}`, ...changes.headers }
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value)
    response.statusCode = changes.status ?? 200
    response.end(changes.sent ?? content)
  }
}

/** A client of a platform: its API, the platform's keys, what was warned about. `deadlineMs` of each request. */
export async function openClient (t: Pick<Test, 'teardown'>, platform: Pick<TestPlatform, 'environment' | 'now'>, version: ApiClient['version'], { deadlineMs = 5000, client }: { readonly deadlineMs?: number, readonly client?: ApiClient } = {}) {
  const connection = openPlatformConnection(deadlineMs)
  t.teardown(async () => connection.close())
  const warnings: string[] = []
  const now = (): number => platform.now
  const warn = (message: string): void => { warnings.push(message) }
  const keys = new JwksKeys({ uri: platform.environment.jwksUri, connection, now, warn })
  const api = new InteropApi({ environment: platform.environment, client: client ?? { version, clientId, privateKey: await writeClientKey(t) }, keys, connection, now, randomUUID })
  return { api, keys, warnings, now, warn }
}

/** The key file of the API client, for its owner only. */
export async function writeClientKey (t: Pick<Test, 'teardown'>): Promise<string> {
  const path = join(await temporaryFolder(t), 'api.pem')
  await writeFile(path, clientKeyPem, { mode: 0o600 })
  return path
}

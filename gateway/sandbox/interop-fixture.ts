import { randomUUID } from 'node:crypto'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import type { ApiVersion } from './api-caller.ts'
import { signDpopProof } from '../pdnd/dpop-signing.ts'
import { makeProofKey } from './proof-fixture.ts'
import type { ProofKey } from './proof-fixture.ts'
import type { TestSandbox } from './sandbox-fixture.ts'
import { testTime } from './sandbox-fixture.ts'
import { requestVoucher } from '../pdnd/voucher-request.ts'

/** The API clients of a test, by whose they are. */
const apiClients = { milano: 'comune-di-milano-api', firenze: 'citta-metropolitana-di-firenze-api' } as const
export type ApiTenant = keyof typeof apiClients

/** The key to which the vouchers of a test's v3 calls are bound. */
export const callKey: ProofKey = makeProofKey()

/** A voucher for the interop API: bound to `callKey` for v3. */
export async function obtainApiVoucher (sandbox: TestSandbox, version: ApiVersion, tenant: ApiTenant = 'milano'): Promise<string> {
  const { kid, privateKey } = await sandbox.keyOf(apiClients[tenant])
  const { accessToken } = await requestVoucher({
    tokenUrl: `${sandbox.url}/token.oauth2`,
    assertionAudience: sandboxEnvironment().clientAssertionAudience,
    clientId: sandbox.idOf('clients', apiClients[tenant]),
    kid,
    privateKey,
    now: () => testTime,
    randomUUID,
    dpop: version === 'v3' ? callKey : undefined
  })
  return accessToken
}

/** The answer to a call of the interop API. */
export interface ApiResult { readonly status: number, readonly body: any, readonly headers: Headers, readonly bytes: Buffer }

/** Calls the interop API. */
export type CallApi = (path: string) => Promise<ApiResult>

/** Calls one version of the interop API as a tenant's client does, with one voucher and a new proof each time. */
export async function apiCaller (sandbox: TestSandbox, version: ApiVersion, tenant: ApiTenant = 'milano'): Promise<CallApi> {
  const voucher = await obtainApiVoucher(sandbox, version, tenant)
  return async (path) => {
    const url = `${sandbox.url}/${version}${path}`
    return getJson(url, version === 'v2' ? { authorization: `Bearer ${voucher}` } : { authorization: `DPoP ${voucher}`, dpop: await prove(url, voucher) })
  }
}

/** Gets JSON and keeps the bytes that it came in. */
export async function getJson (url: string, headers: Record<string, string> = {}): Promise<ApiResult> {
  const response = await fetch(url, { headers })
  const bytes = Buffer.from(await response.arrayBuffer())
  return { status: response.status, headers: response.headers, bytes, body: JSON.parse(bytes.toString()) }
}

async function prove (url: string, accessToken: string): Promise<string> {
  const { privateKey, jwk: publicJwk } = callKey
  return signDpopProof({ privateKey, publicJwk, method: 'GET', url, now: () => testTime, randomUUID, accessToken })
}

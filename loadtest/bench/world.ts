import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OperationValidator } from '../../openapi/requests/validate.ts'
import { noncesOf } from '../../policies/nonce.ts'
import type { Ports } from '../../policies/policy.ts'
import { assemble } from '../../gateway/build.ts'
import type { Gateway } from '../../gateway/build.ts'
import { loadConfig } from '../../gateway/config.ts'
import { routesOf } from '../../gateway/live.ts'
import { nonceSecretOf } from '../../gateway/nonce-secret.ts'
import type { LiveEService, Route } from '../../gateway/route.ts'
import { startPlatform } from '../platform.ts'
import { admittedPath } from '../admitted-call.ts'
import { goodSearch, mediumContract } from './medium-contract.ts'
import { receive } from './request.ts'

/** What the stages are timed with: a gateway that is live in this process and does not listen, its ports, and a voucher that it admits. */
export interface World {
  readonly gateway: Gateway
  readonly ports: Ports
  readonly tickets: LiveEService
  readonly routes: readonly Route[]
  /** The route and the validator of an operation of an e-service. */
  readonly routeOf: (eservice: string, operationId: string) => Route & { readonly validator: OperationValidator }
  readonly voucher: string
  /** More that were never seen, of the same caller. */
  readonly unseen: readonly string[]
  /** The request of an admitted call as the load generator sends it, and a search of the medium contract. */
  readonly request: IncomingMessage
  readonly search: IncomingMessage
  readonly now: number
}

const unseenVouchers = 20

/** Puts the gateway live; `stack` closes it. */
export async function openWorld (stack: AsyncDisposableStack): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-bench-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true }))
  const platform = await startPlatform({ folder, registry: join(import.meta.dirname, '../registry.yaml') }, stack)
  const medium = join(folder, 'medium.json')
  await writeFile(medium, JSON.stringify(mediumContract()))
  const config = await loadConfig(join(import.meta.dirname, 'gateway.yaml'), { BENCH_PLATFORM: platform.url, BENCH_STATE: join(folder, 'state'), BENCH_MEDIUM: medium })
  const gateway = await assemble(config, { now: Date.now, log: { write: () => undefined }, judge: async () => [] })
  stack.defer(async () => gateway.close())
  await gateway.keys.refresh()
  const [tickets] = gateway.live.eservices as [LiveEService]
  const routes = gateway.live.eservices.flatMap(routesOf)
  const mint = async (): Promise<string> => platform.mint({ purpose: 'tickets' })
  const unseen: string[] = []
  while (unseen.length < unseenVouchers) unseen.push(await mint())
  const voucher = await mint()
  const headers = ['Host', '127.0.0.1:8080', 'Connection', 'keep-alive', 'authorization', `Bearer ${voucher}`]
  const [request, search] = await receive([{ target: admittedPath, headers }, { target: `/rest/medium/v1/purposes?${goodSearch}`, headers: [...headers, 'X-Correlation-Id', randomUUID()] }]) as [IncomingMessage, IncomingMessage]
  return {
    gateway,
    ports: portsOf(gateway),
    tickets,
    routes,
    routeOf: (eservice, operationId) => routes.find((route) => route.eservice.config.name === eservice && route.operation.id === operationId) as Route,
    voucher,
    unseen,
    request,
    search,
    now: Date.now()
  }
}

/** The ports with which a gateway without a Redis prepares admission. */
function portsOf ({ keys, trust, shared, live: { registry, eservices } }: Gateway): Ports {
  return {
    keys,
    clientKeys: trust.clientKeys,
    certificates: { find: () => ({ untrusted: 'nobody calls by certificate' }) },
    internalClients: registry.internalClients,
    registry: () => registry.registry,
    burst: shared.burst,
    quota: shared.quota,
    replay: shared.replay,
    nonces: noncesOf(nonceSecretOf(eservices.map(({ config }) => config))),
    interactions: { find: () => 'unavailable', replace: () => 'unavailable', restore: () => undefined },
    resolver: { resolve: () => [] }
  }
}

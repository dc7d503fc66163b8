import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import type { Dispatcher } from 'undici'
import type { JsonObject } from '../../openapi/document.ts'
import type { Certificates } from '../../policies/certificates.ts'
import type { ClientKeys } from '../../policies/keys.ts'
import type { QuotaCounters } from '../../policies/quota-counters.ts'
import type { ReplayFilter } from '../../policies/replay.ts'
import type { Resolver } from '../../policies/resolver.ts'
import { assemble } from '../build.ts'
import type { Gateway } from '../build.ts'
import type { Config } from '../config.ts'
import { freePort } from './free-port.ts'
import { archiveContract, audience, basePath, ids, issuer, jwksOf, mintVoucher, registryContent, upstreamSecret } from './platform.ts'
import type { RegistryContent, VoucherOptions } from './platform.ts'
import { Upstream } from './upstream.ts'
import { Wire } from './wire.ts'
import type { WireAnswer } from './wire.ts'
import { usualPatience } from '../listen.ts'
import type { Patience } from '../listen.ts'
import type { Judge } from '../verdicts.ts'
import type { Trail } from '../records/trail.ts'
import type { Reading } from '../shed/turn-limit.ts'

/** What a test wants otherwise. `config` and `registry` are given the usual ones and return (or change) their own. */
export interface HarnessOptions {
  readonly contract?: JsonObject
  readonly config?: (config: Config) => Config
  /** Where the configuration is read from instead, given what it usually is. */
  readonly load?: (usual: Config) => Promise<Config>
  readonly registry?: (content: RegistryContent) => object
  /** What the JWKS endpoint answers, when it answers. */
  readonly jwks?: () => object | Promise<object>
  readonly patience?: Partial<Patience>
  /** What counts calls by the day instead of this process's memory. */
  readonly quota?: QuotaCounters
  /** What remembers used proofs instead of this process's memory. */
  readonly replay?: ReplayFilter
  /** What finds the addresses of hosts instead of the system. */
  readonly resolver?: Resolver
  /** The keys that clients deposited on the platform, and the certificates of those outside it; there are none otherwise. */
  readonly clientKeys?: ClientKeys
  readonly certificates?: Certificates
  /** Through what certificates are fetched that tokens name by address. */
  readonly certificateDispatcher?: Dispatcher
  /** What the platform says of the keys of the producer. */
  readonly isPublished?: (kid: string) => Promise<boolean>
  /** Epoch ms at which the gateway's clock stands still. */
  readonly now?: number
  /** Who judges contracts; nobody finds anything otherwise. */
  readonly judge?: Judge
  /** Its number among processes that share a state folder; it is alone otherwise. */
  readonly worker?: number
  /** Where records of calls are kept. */
  readonly trail?: Trail
  /** By which readings it is told whether it is overloaded, instead of the true ones. */
  readonly readings?: () => Omit<Reading, 'inside'>
  /** Where to listen instead of on a free port: where a gateway before it listened. */
  readonly port?: number
}

/** A request made of what matters; without `voucher` it carries a good one, with null none. */
export interface CallOptions {
  readonly method?: string
  readonly voucher?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | object
}

/** A line of the log, parsed. */
export type LogLine = Readonly<Record<string, any>>

interface Teardown { teardown (work: () => Promise<void>): void }

/** Starts a gateway of its own on a free port, with its own platform, registry, contract and recording upstream; all end with the test. Used by tests only. */
export async function startGateway (t: Teardown, options: HarnessOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'varco-gateway-'))
  const upstream = await new Upstream().listen()
  const platform = createServer((_request, response) => { void Promise.resolve((options.jwks ?? jwksOf)()).then((set) => response.end(JSON.stringify(set))) })
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve))
  // Ends also when the gateway does not start.
  t.teardown(async () => {
    platform.closeAllConnections()
    platform.close()
    await upstream.close()
    await rm(folder, { recursive: true })
  })
  await writeFile(join(folder, 'contract.json'), JSON.stringify(options.contract ?? archiveContract))
  await writeFile(join(folder, 'registry.yaml'), JSON.stringify(options.registry?.(registryContent()) ?? registryContent()))
  const port = options.port ?? await freePort()
  const usual = usualConfig(folder, port, upstream.url, `http://127.0.0.1:${(platform.address() as AddressInfo).port}/jwks.json`)
  const config = await options.load?.(usual) ?? options.config?.(usual) ?? usual
  const clock = { now: options.now ?? Date.parse('2026-03-02T10:00:00Z') }
  const logs: LogLine[] = []
  const log = { write: (line: string) => { logs.push(JSON.parse(line) as LogLine) } }
  const gateway = await assemble(config, { now: () => clock.now, log, patience: { ...usualPatience, ...options.patience }, judge: options.judge ?? (async () => []), ...(options.quota && { quota: options.quota }), ...(options.replay && { replay: options.replay }), ...(options.resolver && { resolver: options.resolver }), ...(options.clientKeys && { clientKeys: options.clientKeys }), ...(options.certificates && { certificates: options.certificates }), ...(options.certificateDispatcher && { certificateDispatcher: options.certificateDispatcher }), ...(options.isPublished && { isPublished: options.isPublished }), ...(options.worker !== undefined && { worker: options.worker }), ...(options.trail && { trail: options.trail }), ...(options.readings && { readings: options.readings }) })
  await gateway.keys.refresh()
  await gateway.listen()
  const wires = new Set<Wire>()
  t.teardown(async () => {
    for (const wire of wires) wire.destroy()
    gateway.server.closeAllConnections()
    gateway.internal?.closeAllConnections()
    await gateway.close()
  })
  return new Harness({ gateway, upstream, clock, logs, port, config, folder, wires })
}

interface Parts {
  readonly gateway: Gateway
  readonly upstream: Upstream
  readonly clock: { now: number }
  readonly logs: LogLine[]
  readonly port: number
  readonly config: Config
  readonly folder: string
  readonly wires: Set<Wire>
}

/** A running gateway as a test sees it. `clock.now` (epoch ms) may be moved; `logs` holds every line written so far. */
export class Harness implements Parts {
  readonly gateway: Gateway
  readonly upstream: Upstream
  readonly clock: { now: number }
  readonly logs: LogLine[]
  readonly port: number
  readonly config: Config
  readonly folder: string
  readonly wires: Set<Wire>
  readonly host: string

  constructor (parts: Parts) {
    ({ gateway: this.gateway, upstream: this.upstream, clock: this.clock, logs: this.logs, port: this.port, config: this.config, folder: this.folder, wires: this.wires } = parts)
    this.host = `127.0.0.1:${this.port}`
  }

  /** The same gateway by its listener for internal applications. */
  get inside (): Harness {
    const { gateway, upstream, clock, logs, config, folder, wires } = this
    return new Harness({ gateway, upstream, clock, logs, config, folder, wires, port: config.listeners.internal?.port ?? 0 })
  }

  /** A voucher that admits everything, unless changed. */
  voucher (options?: VoucherOptions): string { return mintVoucher(this.clock.now, options) }

  /** A connection to write on byte by byte. */
  connect (tls?: ConnectionOptions): Wire {
    const wire = new Wire(this.port, tls)
    this.wires.add(wire)
    return wire
  }

  /** Sends exactly these bytes (lines are joined with CRLF and ended with an empty one) on a new connection and gives the first answer; a kept connection is given up. */
  async raw (bytes: string | Buffer | readonly string[], tls?: ConnectionOptions): Promise<WireAnswer & { readonly closed: boolean, readonly rest: string }> {
    const wire = this.connect(tls)
    wire.write(typeof bytes === 'string' || Buffer.isBuffer(bytes) ? bytes : [...bytes, '', ''].join('\r\n'))
    const answer = await wire.answer()
    if (answer.headers['connection']?.toLowerCase() === 'close') await wire.closed
    wire.destroy()
    return { ...answer, closed: wire.isClosed, rest: wire.received }
  }

  /** Makes a well-formed request; `path` is below the base path of the e-service. */
  async call (path: string, options: CallOptions = {}): Promise<WireAnswer> {
    return this.raw(this.request(path, options))
  }

  /** The bytes of a well-formed request to the e-service. */
  request (path: string, { method = 'GET', voucher = this.voucher(), headers = {}, body }: CallOptions = {}): Buffer {
    const content = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body ?? '') : Buffer.from(JSON.stringify(body))
    const all: Record<string, string> = {
      Host: this.host,
      ...(voucher !== null && { Authorization: `Bearer ${voucher}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': String(content.length) }),
      ...headers
    }
    const head = [`${method} ${basePath}${path} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
    return Buffer.concat([Buffer.from(head, 'latin1'), content])
  }

  /** Waits until `count` calls are recorded, takes every record out of `logs` and gives them. */
  async takeRecords (count: number): Promise<LogLine[]> {
    const isRecord = ({ event }: LogLine): boolean => event === 'call' || event === 'call refused'
    await until(() => this.logs.filter(isRecord).length >= count)
    const records = this.logs.filter(isRecord)
    this.logs.splice(0, this.logs.length, ...this.logs.filter((line) => !isRecord(line)))
    return records
  }
}

/** Waits until something holds, at most `withinMs`; the assertion that follows says what did not. */
export async function until (holds: () => boolean, withinMs = 20_000): Promise<void> {
  for (const end = performance.now() + withinMs; !holds() && performance.now() < end;) await wait(2)
}

function usualConfig (folder: string, port: number, upstreamUrl: string, jwksUri: string): Config {
  const plenty = { requests: 1_000_000, seconds: 60 }
  return {
    environment: 'sandbox',
    pdnd: { issuer, jwksUri, apiBase: 'http://127.0.0.1:9', tracingBase: 'http://127.0.0.1:9', tokenUrl: 'http://127.0.0.1:9/token', clientAssertionAudience: 'platform.test/client-assertion', api: { version: 'v2', clientId: ids.client, privateKey: join(folder, 'api.pem') } },
    registry: join(folder, 'registry.yaml'),
    localRegistry: undefined,
    registryStaleHours: 24,
    state: join(folder, 'state'),
    watch: false,
    traces: false,
    workers: undefined,
    files: [],
    digests: new Map(),
    publicUrl: `http://127.0.0.1:${port}`,
    redis: undefined,
    tracing: undefined,
    trustedProxies: [],
    x509: { mode: 'pinned', ca: [], crl: [], x5u: [] },
    listeners: { public: { host: '127.0.0.1', port, tls: undefined }, internal: undefined, operations: { host: '127.0.0.1', port: 0, token: 'operations-token-of-the-tests' } },
    audit: { retentionDays: 365 },
    cache: { bytes: 1024 * 1024, entryBytes: 64 * 1024 },
    limits: { unproven: plenty, bodyBytes: 1024 * 1024, signedAnswerBytes: 10 * 1024 * 1024, connections: 2000, overload: { delayMs: 60_000, memoryBytes: undefined } },
    eservices: [{
      name: 'archive', contract: join(folder, 'contract.json'), upstream: { url: upstreamUrl, secret: upstreamSecret, timeoutMs: 2000 }, path: undefined,
      producer: ids.producer, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: [audience], integrity: { audience: [] }, audit: { audience: [] }, keychain: undefined, keychainId: undefined, evidence: undefined, burst: plenty, classes: [], quota: { mode: 'block' }, concurrency: undefined, replyTo: [], grants: undefined, dpopNonces: false, answers: 'sample', cache: true, telemetry: false,
      deprecation: undefined, lint: { profile: 'pdnd', mode: 'warn' }
    }],
    shown: {},
    hash: 'tests'
  }
}

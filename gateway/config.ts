import { dirname, resolve } from 'node:path'
import type { Rate } from '../policies/burst.ts'
import type { X509Config } from './adapters/certificates.ts'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import { prepareFindings, readCheckedYaml } from './adapters/checked-yaml.ts'
import type { Finding } from './adapters/checked-yaml.ts'
import { resolveTls } from './adapters/tls-files.ts'
import type { TlsFiles } from './adapters/tls-files.ts'
import { auditOf } from './audit/audit-config.ts'
import type { AuditConfig, WrittenAudit } from './audit/audit-config.ts'
import type { CacheLimits } from './cache/store.ts'
import { findCertificateFaults } from './certificate-faults.ts'
import { readNamedFiles } from './config-files.ts'
import { hashOf } from './config-hash.ts'
import schema from './config.schema.json' with { type: 'json' }
import { findDeprecationFaults } from './deprecation.ts'
import { membersOf, textAt, valueAt } from './document-value.ts'
import { findInternalFaults, internalListenerOf } from './internal-config.ts'
import type { InternalListener, WrittenInternalListener } from './internal-config.ts'
import { eserviceOf, findSharedDescriptors } from './eservice-config.ts'
import type { EServiceConfig, WrittenEService } from './eservice-config.ts'
import { findKeyFaults } from './key-files.ts'
import { environmentNames, pdndEnvironments, sandboxEnvironment } from './pdnd-environments.ts'
import type { EnvironmentName, PdndEnvironment } from './pdnd-environments.ts'
import type { ApiClient } from './pdnd/api-voucher.ts'
import { listenerPorts, portVariables } from './ports.ts'
import { findProductionFaults, findSandboxFaults } from './production.ts'
import { defaultState as sandboxState } from './sandbox/defaults.ts'
import { findRedisFaults, redisOf, withRedisUrl, withShownRedis } from './redis-config.ts'
import type { RedisConfig } from './redis-config.ts'
import { findRegistryFaults, registryConfigOf } from './registry-config.ts'
import type { RegistryConfig } from './registry-config.ts'
import { findReplyTargetFaults } from './reply-targets.ts'
import type { OverloadConfig } from './shed/shed.ts'
import { isSecret, substitute, withoutSecrets } from './substitute.ts'
import { findTracingFaults, tracingOf } from './tracing/tracing-config.ts'
import type { TracingConfig, WrittenTracing } from './tracing/tracing-config.ts'
import { findProxyFaults } from './trusted-proxies.ts'
import type { LintConfig } from './verdicts.ts'
import { findWorkersFaults, usualNodes, workersOf } from './workers-config.ts'
import type { WrittenWorkers } from './workers-config.ts'

/** The gateway's configuration, complete. Times in ms where the name says so, sizes in bytes, rates in requests per seconds. */
export interface Config extends RegistryConfig {
  readonly environment: EnvironmentName
  /** `api`: the gateway's own client of the interop API, if it has one. */
  readonly pdnd: PdndEnvironment & { readonly api: ApiClient | undefined }
  readonly publicUrl: string
  /** The folder in which the gateway keeps what must outlive it, made when it is first needed. */
  readonly state: string
  readonly listeners: {
    readonly public: { readonly host: string, readonly port: number, readonly tls: TlsFiles | undefined }
    /** Where internal applications call; undefined where they cannot. */
    readonly internal: InternalListener | undefined
    readonly operations: { readonly host: string, readonly port: number, readonly token: string | undefined }
  }
  /** How much is kept of answers that are for all; nothing where it is 0. */
  readonly cache: CacheLimits
  readonly audit: AuditConfig
  readonly limits: { readonly unproven: Rate, readonly bodyBytes: number, readonly signedAnswerBytes: number, readonly connections: number, readonly overload: OverloadConfig }
  readonly eservices: readonly EServiceConfig[]
  /** The X.509 certificates that are trusted; none where it is undefined. */
  readonly x509: X509Config | undefined
  /** What gateways share that stand side by side; undefined where one stands alone. */
  readonly redis: RedisConfig | undefined
  /** How calls are reported to the platform; undefined where they cannot be. */
  readonly tracing: TracingConfig | undefined
  /** Addresses and CIDR blocks of proxies that end TLS in front of the public listener and are believed about it there. */
  readonly trustedProxies: readonly string[]
  /** The files (absolute paths) that it was read from, its own first; what contracts refer to is not among them. */
  readonly files: readonly string[]
  /** SHA-256 (hex) of the bytes of those that it names, by path, when it was read. */
  readonly digests: ReadonlyMap<string, string>
  /** It is reloaded when one of its files changes. */
  readonly watch: boolean
  /** Spans are made of calls (OpenTelemetry). */
  readonly traces: boolean
  /** How many processes serve it on this machine, below one that supervises them; undefined where it is one process alone. */
  readonly workers: number | undefined
  /** The configuration as it may be shown: whatever came from the environment as it was written, secrets hidden. */
  readonly shown: unknown
  /** SHA-256, hex, of all this and of the bytes of registry and contracts: tells two configurations apart, and no secret. */
  readonly hash: string
}

interface Document {
  readonly pdnd: { readonly environment: EnvironmentName, readonly api?: ApiClient } & Partial<PdndEnvironment>
  readonly producer?: string
  readonly keychain?: string
  readonly keychainId?: string
  readonly registry: string
  readonly localRegistry?: string
  readonly registryStaleHours?: number
  readonly publicUrl: string
  readonly state?: string
  readonly watch?: boolean
  readonly traces?: boolean
  readonly workers?: WrittenWorkers
  readonly redis?: { url: string, expectedNodes?: number }
  readonly tracing?: WrittenTracing
  readonly trustedProxies?: readonly string[]
  readonly x509?: Pick<X509Config, 'mode'> & Partial<X509Config>
  readonly lint?: Partial<LintConfig>
  readonly listeners?: { readonly public?: { host?: string, port?: number, tls?: TlsFiles }, readonly internal?: WrittenInternalListener, readonly operations?: { host?: string, port?: number, token?: string } }
  readonly cache?: Partial<CacheLimits>
  readonly audit?: WrittenAudit
  readonly limits?: { readonly burst?: Rate, readonly unproven?: Rate, readonly bodyBytes?: number, readonly signedAnswerBytes?: number, readonly connections?: number, readonly overload?: { readonly delayMs?: number, readonly memoryMiB?: number } }
  readonly eservices: Readonly<Record<string, WrittenEService>>
}

const findSchemaFaults = prepareFindings(schema, { coerceTypes: true, strict: false })
const loopback = '127.0.0.1'
/** Below the folder of the process, like the sandbox's; never in version control. */
const defaultState = resolve('.varco', 'gateway')

/** What a configuration is read for: with `ignored`, secrets that are not set are empty and no fault. A gateway needs them. */
export interface ReadingPurpose { readonly secrets?: 'needed' | 'ignored' }

/**
 * Reads a configuration file, replaces its variables from `env`, and checks it and that the files that it names can be read. In any
 * environment but the sandbox it also has to be fit for production. Throws CheckedFileError with every problem at once.
 */
export async function loadConfig (path: string, env: Readonly<Record<string, string | undefined>>, { secrets = 'needed' }: ReadingPurpose = {}): Promise<Config> {
  const variables = { SANDBOX_STATE: resolve(sandboxState), ...portVariables(env) }
  const folder = dirname(resolve(path))
  let checked: { document: Document, shown: unknown, digests: ReadonlyMap<string, string> } | undefined
  await readCheckedYaml(path, async (raw) => {
    const { content: written, faults } = substitute(raw, variables)
    const content = withRedisUrl(written, env)
    const shape = findSchemaFaults(content)
    const files = await readNamedFiles(content, folder)
    checked = { document: content as Document, shown: withShownRedis(withoutSecrets(raw), env), digests: files.digests }
    const keyFaults = secrets === 'needed' ? await findKeyFaults(content, folder) : []
    const found = firstOfEachPlace([faults, shape, findFaults(content), files.faults, keyFaults])
    return secrets === 'needed' ? found : found.filter((finding) => !(faults.includes(finding) && isSecret(finding.path)))
  })
  if (!checked) throw new CheckedFileError([`${path}: is empty`])
  return complete(checked.document, checked.shown, { path: resolve(path), digests: checked.digests }, env)
}

/** All findings but those about a place of which an earlier kind of check already tells: what an unset variable leaves behind is beside the point. */
function firstOfEachPlace (kinds: readonly (readonly Finding[])[]): readonly Finding[] {
  const placeOf = ({ path }: Finding): string => path.join('/')
  return kinds.reduce((told, more) => {
    const places = new Set(told.map(placeOf))
    return [...told, ...more.filter((finding) => !places.has(placeOf(finding)))]
  }, [])
}

function findFaults (document: unknown): Finding[] {
  const environment = environmentNames.find((name) => name === textAt(document, ['pdnd', 'environment']))
  const producers = membersOf(document, ['eservices']).map((name) => ['eservices', name, 'producer'])
  const missing = valueAt(document, ['producer']) === undefined ? producers.filter((path) => valueAt(document, path) === undefined) : []
  return [
    ...missing.map((path): Finding => ({ path, message: 'is missing: set it here or at the top of the file' })),
    ...findReplyTargetFaults(document, environment),
    ...findCertificateFaults(document),
    ...findDeprecationFaults(document),
    ...findSharedDescriptors(document),
    ...findProxyFaults(document),
    ...findRedisFaults(document, environment),
    ...findWorkersFaults(document),
    ...findRegistryFaults(document),
    ...findTracingFaults(document, environment),
    ...findInternalFaults(document),
    ...environment === 'sandbox' ? findSandboxFaults(document) : [],
    ...environment !== 'sandbox' && environment !== undefined ? findProductionFaults(document) : []
  ]
}

function x509Of ({ mode, ca = [], crl = [], x5u = [] }: NonNullable<Document['x509']>, folder: string): X509Config {
  const at = (path: string): string => resolve(folder, path)
  return { mode, ca: ca.map(at), crl: crl.map(at), x5u }
}

function complete (document: Document, shown: unknown, { path, digests }: { readonly path: string, readonly digests: ReadonlyMap<string, string> }, env: Readonly<Record<string, string | undefined>>): Config {
  const folder = dirname(path)
  const { environment, api, ...overrides } = document.pdnd
  const ports = listenerPorts(env)
  const preset = environment === 'sandbox' ? sandboxEnvironment(ports.sandbox) : pdndEnvironments[environment]
  const { public: open, internal, operations } = document.listeners ?? {}
  const registries = registryConfigOf(document, folder)
  const config = {
    environment,
    pdnd: { ...preset, ...overrides, api: api && { ...api, privateKey: resolve(folder, api.privateKey) } },
    ...registries,
    publicUrl: document.publicUrl,
    state: resolve(folder, document.state ?? defaultState),
    watch: document.watch ?? false,
    traces: document.traces ?? false,
    workers: workersOf(document.workers),
    listeners: {
      public: { host: open?.host ?? loopback, port: open?.port ?? ports.gateway, tls: open?.tls && resolveTls(open.tls, folder) },
      internal: internalListenerOf(internal, registries, { folder, port: ports.internal }),
      operations: { host: operations?.host ?? loopback, port: operations?.port ?? ports.operations, token: operations?.token }
    },
    redis: redisOf(document.redis, usualNodes(document.workers)),
    tracing: tracingOf(document),
    trustedProxies: document.trustedProxies ?? [],
    x509: document.x509 && x509Of(document.x509, folder),
    limits: {
      unproven: document.limits?.unproven ?? { requests: 200, seconds: 1 },
      bodyBytes: document.limits?.bodyBytes ?? 1024 * 1024,
      signedAnswerBytes: document.limits?.signedAnswerBytes ?? 10 * 1024 * 1024,
      connections: document.limits?.connections ?? 2000,
      overload: overloadOf(document.limits?.overload)
    },
    audit: auditOf(document.audit),
    cache: { bytes: document.cache?.bytes ?? 32 * 1024 * 1024, entryBytes: document.cache?.entryBytes ?? 1024 * 1024 },
    eservices: Object.entries(document.eservices).map(([name, eservice]) => eserviceOf(name, eservice, document, folder))
  }
  return { ...config, files: [path, ...digests.keys()], digests, shown, hash: hashOf(config, digests) }
}

const mebibyte = 1024 * 1024

function overloadOf ({ delayMs = 100, memoryMiB }: NonNullable<NonNullable<Document['limits']>['overload']> = {}): OverloadConfig {
  return { delayMs, memoryBytes: memoryMiB === undefined ? undefined : memoryMiB * mebibyte }
}

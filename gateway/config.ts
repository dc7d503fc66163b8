import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { Ajv } from 'ajv'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import { readCheckedYaml, schemaFindings } from './adapters/checked-yaml.ts'
import type { Finding } from './adapters/checked-yaml.ts'
import schema from './config.schema.json' with { type: 'json' }
import { pdndEnvironments, sandboxEnvironment } from './pdnd-environments.ts'
import type { EnvironmentName, PdndEnvironment } from './pdnd-environments.ts'
import { listenerPorts, portVariables } from './ports.ts'
import { findProductionFaults, findSandboxFaults } from './production.ts'
import { substitute, withoutSecrets } from './substitute.ts'

export interface Rate { readonly requests: number, readonly seconds: number }

/** One e-service as configured; paths are absolute, defaults filled in. */
export interface EServiceConfig {
  readonly name: string
  readonly contract: string
  readonly upstream: { readonly url: string, readonly secret: string, readonly timeoutMs: number }
  readonly path: string | undefined
  readonly producer: string
  readonly eserviceId: string
  readonly descriptorIds: readonly string[]
  readonly audience: readonly string[]
  readonly burst: Rate
}

/** The gateway's configuration, complete. Times in ms where the name says so, sizes in bytes, rates in requests per seconds. */
export interface Config {
  readonly environment: EnvironmentName
  readonly pdnd: PdndEnvironment
  readonly registry: string
  readonly publicUrl: string
  readonly listeners: {
    readonly public: { readonly host: string, readonly port: number }
    readonly operations: { readonly host: string, readonly port: number, readonly token: string | undefined }
  }
  readonly limits: { readonly unproven: Rate, readonly bodyBytes: number, readonly connections: number }
  readonly eservices: readonly EServiceConfig[]
  /** The configuration as it may be shown: whatever came from the environment as it was written, secrets hidden. */
  readonly shown: unknown
  /** SHA-256 of `shown`, hex: tells two configurations apart. */
  readonly hash: string
}

interface Document {
  readonly pdnd: { readonly environment: EnvironmentName } & Partial<PdndEnvironment>
  readonly producer?: string
  readonly registry: string
  readonly publicUrl: string
  readonly listeners?: { readonly public?: { host?: string, port?: number }, readonly operations?: { host?: string, port?: number, token?: string } }
  readonly limits?: { readonly burst?: Rate, readonly unproven?: Rate, readonly bodyBytes?: number, readonly connections?: number }
  readonly eservices: Readonly<Record<string, Partial<EServiceConfig> & Pick<EServiceConfig, 'contract' | 'eserviceId' | 'descriptorIds' | 'audience'> & { upstream: { url: string, secret: string, timeoutMs?: number } }>>
}

const validate = new Ajv({ allErrors: true, verbose: true, coerceTypes: true, strict: false }).compile(schema)
const loopback = '127.0.0.1'

/**
 * Reads a configuration file, replaces its variables from `env`, and checks it. In any environment but the sandbox it also has to be fit
 * for production. Throws CheckedFileError with every problem at once, each with file and line.
 */
export async function loadConfig (path: string, env: Readonly<Record<string, string | undefined>>): Promise<Config> {
  const variables = portVariables(env)
  let checked: { document: Document, shown: unknown } | undefined
  await readCheckedYaml(path, (raw) => {
    const { content, faults } = substitute(raw, variables)
    // An unset variable is empty, and whatever the schema has to say about that is beside the point.
    const unset = new Set(faults.map(({ path }) => path.join('/')))
    const findings = [...faults, ...schemaFindings(validate, content).filter(({ path }) => !unset.has(path.join('/')))]
    if (findings.length > 0) return findings
    checked = { document: content as Document, shown: withoutSecrets(raw) }
    return findFaults(checked.document)
  })
  if (!checked) throw new CheckedFileError([`${path}: is empty`])
  return complete(checked.document, checked.shown, dirname(resolve(path)), env)
}

function findFaults (document: Document): Finding[] {
  const orphans = Object.entries(document.eservices).filter(([, eservice]) => !eservice.producer && !document.producer)
  const noProducer = orphans.map(([name]): Finding => ({ path: ['eservices', name], message: 'no producer: set producer here or at the top of the file' }))
  return [...noProducer, ...document.pdnd.environment === 'sandbox' ? findSandboxFaults(document) : findProductionFaults(document)]
}

function complete (document: Document, shown: unknown, folder: string, env: Readonly<Record<string, string | undefined>>): Config {
  const { environment, ...overrides } = document.pdnd
  const ports = listenerPorts(env)
  const preset = environment === 'sandbox' ? sandboxEnvironment(ports.sandbox) : pdndEnvironments[environment]
  const { public: open, operations } = document.listeners ?? {}
  return {
    environment,
    pdnd: { ...preset, ...overrides },
    registry: resolve(folder, document.registry),
    publicUrl: document.publicUrl,
    listeners: {
      public: { host: open?.host ?? loopback, port: open?.port ?? ports.gateway },
      operations: { host: operations?.host ?? loopback, port: operations?.port ?? ports.operations, token: operations?.token }
    },
    limits: {
      unproven: document.limits?.unproven ?? { requests: 200, seconds: 1 },
      bodyBytes: document.limits?.bodyBytes ?? 1024 * 1024,
      connections: document.limits?.connections ?? 2000
    },
    eservices: Object.entries(document.eservices).map(([name, eservice]) => ({
      ...eservice,
      name,
      contract: resolve(folder, eservice.contract),
      upstream: { ...eservice.upstream, timeoutMs: eservice.upstream.timeoutMs ?? 10_000 },
      path: eservice.path,
      producer: (eservice.producer ?? document.producer) as string,
      burst: eservice.burst ?? document.limits?.burst ?? { requests: 100, seconds: 1 }
    })),
    shown,
    hash: createHash('sha256').update(JSON.stringify(shown)).digest('hex')
  }
}

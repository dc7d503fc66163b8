import { CheckedFileError } from '../adapters/checked-file-error.ts'
import type { Finding } from '../adapters/checked-yaml.ts'
import { membersOf, textAt, valueAt } from '../document-value.ts'
import type { TracedCalls } from './count-day.ts'

/** How calls are reported to the platform (PDND tracing). */
export interface TracingConfig {
  /** The tenant that reports: that of the interop API's client. */
  readonly tenant: string
  /** For whose e-services it does: its own, and those of the administrations whose delegate it is. */
  readonly producers: readonly string[]
  /** Reported by itself each night, and not only where a command does it. */
  readonly nightly: boolean
}

/** `tracing` as it is written; false where somebody else reports. */
export type WrittenTracing = boolean | { readonly tenant?: string, readonly producers?: readonly string[] }

interface Document {
  readonly tracing?: WrittenTracing
  readonly producer?: string
  readonly pdnd: { readonly api?: unknown }
  readonly eservices: Readonly<Record<string, { readonly producer?: string }>>
}

/** Undefined where nothing can be reported: without a client of the interop API, or where nothing says for whom. */
export function tracingOf (document: Document): TracingConfig | undefined {
  const { tracing, pdnd } = document
  const written = typeof tracing === 'object' ? tracing : {}
  const tenant = written.tenant ?? usualTenant(document)
  return pdnd.api === undefined || tenant === undefined ? undefined : { tenant, producers: written.producers ?? [tenant], nightly: tracing !== false }
}

/** The producer of the configuration, or the one that all of its e-services have. */
function usualTenant (document: unknown): string | undefined {
  const producer = textAt(document, ['producer'])
  const own = new Set(membersOf(document, ['eservices']).map((name) => textAt(document, ['eservices', name, 'producer']) ?? producer))
  return producer ?? (own.size === 1 ? [...own][0] : undefined)
}

/** Tracing is mandatory on the platform: where it is not said for whom, that is a fault and not silence. */
export function findTracingFaults (document: unknown, environment: string | undefined): Finding[] {
  const tracing = valueAt(document, ['tracing'])
  const hasClient = valueAt(document, ['pdnd', 'api']) !== undefined
  if (tracing === false || tracing === 'false') return []
  if (!hasClient) return tracing === undefined ? [] : [{ path: ['tracing'], message: 'needs a client of the interop API, as which calls are reported: configure pdnd.api' }]
  if (environment === 'sandbox' || textAt(document, ['tracing', 'tenant']) !== undefined || usualTenant(document) !== undefined) return []
  return [{ path: ['tracing', 'tenant'], message: 'is missing: the e-services have several producers, so name the tenant of the pdnd.api client, which reports the calls (PDND tracing), or write tracing: false where another system does' }]
}

/** What of a configuration says whose calls are reported. */
interface Traced { readonly tracing: TracingConfig | undefined, readonly eservices: readonly { readonly name: string, readonly producer: string }[] }

/** The tracing of a configuration. Throws CheckedFileError where it has none. */
export function tracingIn ({ tracing }: Pick<Traced, 'tracing'>): TracingConfig {
  if (tracing) return tracing
  throw new CheckedFileError(['calls cannot be reported with this configuration: that takes pdnd.api, a client of the interop API, and tracing.tenant where e-services have several producers'])
}

/** The calls that it reports. */
export function tracedIn (config: Traced): TracedCalls {
  return { producers: tracingIn(config).producers, eservices: new Map(config.eservices.map(({ name, producer }) => [name, producer])) }
}

import { resolve } from 'node:path'
import type { Finding } from './adapters/checked-yaml.ts'
import { valueAt } from './document-value.ts'

/** Where the gateway knows agreements and purposes from; paths are absolute. */
export interface RegistryConfig {
  /** A registry file, or `platform`: they are then read from the platform and followed there. */
  readonly registry: string
  /** Beside `platform`, a registry file of what that does not know: clients and tenants with their certificates. */
  readonly localRegistry: string | undefined
  /** How long what is known of the platform serves on while it cannot be asked. */
  readonly registryStaleHours: number
}

const usualStaleHours = 24

/** The registry's part of a configuration; files relative to `folder`. */
export function registryConfigOf ({ registry, localRegistry, registryStaleHours }: { readonly registry: string } & Partial<RegistryConfig>, folder: string): RegistryConfig {
  return {
    registry: registry === 'platform' ? registry : resolve(folder, registry),
    localRegistry: localRegistry === undefined ? undefined : resolve(folder, localRegistry),
    registryStaleHours: registryStaleHours ?? usualStaleHours
  }
}

/** A platform that nobody can ask, and settings that go with the platform only. */
export function findRegistryFaults (document: unknown): Finding[] {
  if (valueAt(document, ['registry']) === 'platform') {
    return valueAt(document, ['pdnd', 'api']) === undefined ? [{ path: ['registry'], message: 'is the platform, which only a client of its interop API can ask: configure pdnd.api' }] : []
  }
  return ['localRegistry', 'registryStaleHours'].filter((key) => valueAt(document, [key]) !== undefined).map((key) => ({
    path: [key],
    message: 'goes with registry: platform only; a registry file holds everything'
  }))
}

import { dirname, resolve } from 'node:path'
import type { Finding } from './adapters/checked-yaml.ts'
import { resolveTls } from './adapters/tls-files.ts'
import type { TlsFiles } from './adapters/tls-files.ts'
import { textAt, valueAt } from './document-value.ts'
import type { RegistryConfig } from './registry-config.ts'

/** The listener for the administration's own applications; paths are absolute. */
export interface InternalListener {
  readonly host: string
  readonly port: number
  /** The URL under which they reach it. */
  readonly url: string
  readonly tls: TlsFiles | undefined
  /** The folder of the public keys and certificates that the registry names for them. */
  readonly publicKeys: string
  /** Addresses and CIDR blocks of proxies that end TLS in front of it: who calls from one of them can be any application that is known by a certificate. */
  readonly trustedProxies: readonly string[]
}

/** The same as it is written. */
export type WrittenInternalListener = { readonly [Name in keyof InternalListener]?: InternalListener[Name] }

/** Addresses on which everybody is listened to: nobody calls by them. */
const anyAddress = ['0.0.0.0', '::']

/** A listener of which nobody can tell how it is called. */
export function findInternalFaults (document: unknown): Finding[] {
  const at = ['listeners', 'internal']
  const lacksName = anyAddress.includes(textAt(document, [...at, 'host']) ?? '') && valueAt(document, [...at, 'url']) === undefined
  return lacksName ? [{ path: at, message: 'needs url: the name under which applications reach it, since it listens on every address' }] : []
}

/** The part of a configuration that is about internal applications: they call only where it is there. Files relative to `folder`. */
export function internalListenerOf (written: WrittenInternalListener | undefined, { registry, localRegistry }: Pick<RegistryConfig, 'registry' | 'localRegistry'>, { folder, port: usual }: { readonly folder: string, readonly port: number }): InternalListener | undefined {
  if (!written) return undefined
  const { host = '127.0.0.1', port = usual, tls, url = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`, publicKeys, trustedProxies = [] } = written
  return { host, port, url, tls: tls && resolveTls(tls, folder), publicKeys: publicKeys === undefined ? dirname(localRegistry ?? registry) : resolve(folder, publicKeys), trustedProxies }
}

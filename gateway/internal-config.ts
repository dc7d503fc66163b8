import { dirname, resolve } from 'node:path'
import { resolveTls } from './adapters/tls-files.ts'
import type { TlsFiles } from './adapters/tls-files.ts'
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
}

/** The same as it is written. */
export type WrittenInternalListener = { readonly [Name in keyof InternalListener]?: InternalListener[Name] }

/** The part of a configuration that is about internal applications: they call only where it is there. Files relative to `folder`. */
export function internalListenerOf (written: WrittenInternalListener | undefined, { registry, localRegistry }: Pick<RegistryConfig, 'registry' | 'localRegistry'>, { folder, port: usual }: { readonly folder: string, readonly port: number }): InternalListener | undefined {
  if (!written) return undefined
  const { host = '127.0.0.1', port = usual, tls, url = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`, publicKeys } = written
  return { host, port, url, tls: tls && resolveTls(tls, folder), publicKeys: publicKeys === undefined ? dirname(localRegistry ?? registry) : resolve(folder, publicKeys) }
}

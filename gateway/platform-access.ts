import { randomUUID } from 'node:crypto'
import { JwksKeys } from './adapters/jwks.ts'
import type { Config } from './config.ts'
import { InteropApi } from './pdnd/interop-api.ts'
import { openPlatformConnection } from './pdnd/platform-connection.ts'

/** The platform as a command asks it: now (epoch ms), and nothing of it is kept. `api` is undefined where the configuration names no client of it. */
export interface PlatformAccess { readonly keys: JwksKeys, readonly api: InteropApi | undefined, readonly now: () => number }

/** Does some work with the platform of a configuration and closes every connection to it afterwards. Asks nobody by itself; `now` in epoch ms. */
export async function withPlatform<T> ({ pdnd: { api: client, ...environment } }: Config, now: () => number, work: (platform: PlatformAccess) => Promise<T>): Promise<T> {
  const connection = openPlatformConnection()
  try {
    const keys = new JwksKeys({ uri: environment.jwksUri, connection, now, warn: () => undefined })
    return await work({ keys, now, api: client && new InteropApi({ environment, client, keys, connection, now, randomUUID }) })
  } finally {
    await connection.close()
  }
}

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { readRegistryFile } from '../gateway/adapters/registry-file.ts'
import { sandboxEnvironment } from '../gateway/pdnd-environments.ts'
import { buildSandbox } from '../gateway/sandbox/app.ts'

/** A voucher to mint: the alias of a purpose, when it expires (in seconds; below zero it has), and claims that differ from the usual ones. */
export interface Wanted { readonly purpose: string, readonly expiresIn?: number, readonly claims?: Readonly<Record<string, unknown>> }

/** The stand-in for the national platform: its address, where the keys of its clients are, the id of the client that calls, and what it does. */
export interface Platform {
  readonly url: string
  readonly keys: string
  readonly consumer: string
  readonly mint: (voucher: Wanted) => Promise<string>
  /** Changes the state of a purpose, which its events tell; throws when it cannot. */
  readonly changePurpose: (alias: string, state: 'Active' | 'Suspended') => Promise<void>
}

/** Starts a sandbox PDND in this process, idle while load is fired. `folder` is for its keys, `registry` the file with what it knows. */
export async function startPlatform ({ folder, registry }: { readonly folder: string, readonly registry: string }, stack: AsyncDisposableStack): Promise<Platform> {
  const { issuer, clientAssertionAudience } = sandboxEnvironment()
  const keys = join(folder, 'keys')
  const registryFile = await readRegistryFile(registry)
  const consumer = registryFile.clients.find(({ alias }) => alias === 'consumer')?.id
  if (consumer === undefined) throw new Error(`${registry} has no client "consumer"`)
  const app = await buildSandbox({
    registryFile,
    stateDir: keys,
    now: Date.now,
    randomUUID,
    issuer,
    assertionAudience: clientAssertionAudience,
    allowedOrigins: []
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  stack.defer(() => app.close())
  const post = async (path: string, payload: object): Promise<unknown> => {
    const { statusCode, body } = await app.inject({ method: 'POST', url: path, payload })
    if (statusCode !== 200) throw new Error(`the sandbox does not do ${path} with ${JSON.stringify(payload)}: ${body}`)
    return JSON.parse(body)
  }
  return {
    url,
    keys,
    consumer,
    mint: async (wanted) => (await post('/debug/vouchers', { client: 'consumer', ...wanted }) as { access_token: string }).access_token,
    changePurpose: async (alias, state) => { await post(`/debug/purposes/${alias}/state`, { state }) }
  }
}

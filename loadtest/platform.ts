import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { readRegistryFile } from '../gateway/adapters/registry-file.ts'
import { sandboxEnvironment } from '../gateway/pdnd-environments.ts'
import { buildSandbox } from '../gateway/sandbox/app.ts'
import type { Scenario } from './scenarios.ts'

/** The stand-in for the national platform: its address, and the vouchers that it mints. */
export interface Platform {
  readonly url: string
  readonly mint: (voucher: Scenario['voucher']) => Promise<string>
}

/** Starts a sandbox PDND in this process, idle while load is fired. `folder` is for its keys. */
export async function startPlatform (folder: string, stack: AsyncDisposableStack): Promise<Platform> {
  const { issuer, clientAssertionAudience } = sandboxEnvironment()
  const app = await buildSandbox({
    registryFile: await readRegistryFile(join(import.meta.dirname, 'registry.yaml')),
    stateDir: join(folder, 'keys'),
    now: Date.now,
    randomUUID,
    issuer,
    assertionAudience: clientAssertionAudience,
    allowedOrigins: []
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  stack.defer(() => app.close())
  return {
    url,
    async mint (voucher) {
      const payload = { client: 'consumer', ...voucher }
      const { statusCode, body } = await app.inject({ method: 'POST', url: '/debug/vouchers', payload })
      if (statusCode !== 200) throw new Error(`the sandbox mints no voucher for ${JSON.stringify(voucher)}: ${body}`)
      return (JSON.parse(body) as { access_token: string }).access_token
    }
  }
}

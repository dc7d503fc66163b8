import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { jwksOf } from './platform.ts'
import { Upstream } from './upstream.ts'

/** What a gateway that is a process of its own needs around it: an upstream, and a platform that publishes its keys at `jwksUri`. Both end with the test. */
export async function startStandIns (t: Test): Promise<{ readonly upstream: Upstream, readonly jwksUri: string }> {
  const upstream = await new Upstream().listen()
  const platform = createServer((_request, response) => { response.end(JSON.stringify(jwksOf())) })
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    platform.closeAllConnections()
    platform.close()
    await upstream.close()
  })
  return { upstream, jwksUri: `http://127.0.0.1:${(platform.address() as AddressInfo).port}/jwks.json` }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

const state = await mkdtemp(join(tmpdir(), 'varco-eservices-'))
t.teardown(async () => rm(state, { recursive: true }))

/** Runs the host until it ends, or until it says that it is ready; then it is stopped. */
async function run (args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), '--state', state, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    if (said.includes('ready on')) child.kill()
  })
  const [code] = await once(child, 'close') as [number | null]
  return { code, said }
}

/** A PORT for a host: ten below one that is free just now. */
async function freePort (): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return String(port - 10)
}

t.test('without a secret the host does not start, and says in one sentence what to do', async (t) => {
  const { code, said } = await run([], { NODE_ENV: 'development' })
  t.equal(code, 78)
  t.match(said, /^the e-services cannot start:\n {2}VARCO_CALL_SECRET .*--sandbox.*\n$/)
})

t.test('with a secret, or for the sandbox, it starts where it is told to', async (t) => {
  const first = await run(['tickets'], { PORT: await freePort(), VARCO_CALL_SECRET: 'b'.repeat(32) })
  t.match(first, { code: 0, said: /^e-services ready on http:\/\/127\.0\.0\.1:\d+ \(tickets\)\n$/ })
  const second = await run(['--sandbox', '--host', 'localhost', 'tickets'], { PORT: await freePort() })
  t.match(second, { code: 0, said: /^e-services ready on http:\/\/localhost:\d+ \(tickets\)\n$/ })
})

t.test('whoever reads the public secret could call: with it the host listens on this machine only', async (t) => {
  const { code, said } = await run(['--sandbox', '--host', '0.0.0.0', 'tickets'], { PORT: await freePort() })
  t.equal(code, 78)
  t.match(said, /--sandbox.*this machine.*VARCO_CALL_SECRET/)
})

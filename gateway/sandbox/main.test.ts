import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../harness/free-port.ts'

const main = join(import.meta.dirname, 'main.ts')
const state = join(t.testdir(), 'state')

interface Run { child: ChildProcess, output: () => string, exit: Promise<unknown[]> }

function run (test: Test, port: number | string, ...args: string[]): Run {
  const child = spawn(process.execPath, [main, '--state', state, ...args],
    { env: { ...process.env, PORT: `${port}` }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let output = ''
  const collect = (chunk: Buffer): void => { output += chunk.toString() }
  for (const stream of [child.stdout, child.stderr]) stream!.on('data', collect)
  test.teardown(() => child.kill('SIGKILL'))
  return { child, output: () => output, exit: once(child, 'close') }
}

t.test('it says when it is ready, keeps its keys over a restart and stops on SIGTERM', async (t) => {
  const kids: unknown[] = []
  for (let start = 0; start < 2; start++) {
    const port = await freePort()
    const url = `http://127.0.0.1:${port + 1}`
    const { child, output, exit } = run(t, port)
    const [message] = await once(child, 'message')
    t.strictSame(message, { ready: true, name: 'sandbox PDND', url })
    const { keys } = await (await fetch(`${url}/.well-known/jwks.json`)).json() as { keys: { kid: string }[] }
    kids.push(keys[0]?.kid)
    child.kill('SIGTERM')
    t.strictSame(await exit, [0, null])
    t.equal(output(), '')
  }
  t.equal(kids[0], kids[1])
})

t.test('a taken port, a wrong PORT, a wrong argument and a wrong registry end it with 78 and a sentence', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => { taken.close() })
  const { port } = taken.address() as AddressInfo
  const registry = join(t.testdir(), 'registry.yaml')
  await writeFile(registry, 'tenants: []\n')
  const cases: [Run, RegExp][] = [
    [run(t, port - 1), new RegExp(`^the sandbox PDND cannot start:\n  port ${port} is taken: stop what .*\n$`)],
    [run(t, 'eighty'), /^the sandbox PDND cannot start:\n  PORT is "eighty": it must be a number from 1 to 65525\n$/],
    [run(t, 8080, '--stat'), /^the sandbox PDND cannot start:\n  .*--stat.*usage: .*\n$/s],
    [run(t, 8080, '--registry', registry), /^the sandbox PDND cannot start:\n  .*registry\.yaml:1: /]
  ]
  for (const [{ output, exit }, expected] of cases) {
    t.strictSame(await exit, [78, null])
    t.match(output(), expected)
  }
})

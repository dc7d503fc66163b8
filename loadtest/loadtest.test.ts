import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { fireScenarios, startRange } from './run.ts'
import { scenarios } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'

interface Run { child: ChildProcess, stdout: () => string, stderr: () => string, exit: Promise<unknown[]> }

function run (t: Test, ...args: string[]): Run {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => { texts.stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { texts.stderr += chunk.toString() })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, exit: once(child, 'close') }
}

/** Everything that a run said it had started is gone: its listeners and its folder. */
async function isGone (t: Test, header: string): Promise<void> {
  const addresses = [...header.matchAll(/http:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port))
  t.equal(addresses.length, 2)
  for (const port of addresses) {
    const [error] = await once(connect(port, '127.0.0.1'), 'error') as [NodeJS.ErrnoException]
    t.equal(error.code, 'ECONNREFUSED')
  }
  const log = /\S+gateway\.log/.exec(header)?.[0] ?? ''
  t.match(log, 'varco-loadtest-')
  t.notOk(existsSync(log))
}

t.test('a run measures every scenario on answers that are all right, and leaves nothing behind', async (t) => {
  const { stdout, stderr, exit } = run(t, '--seconds', '1', '--rounds', '1', '--connections', '8', '--json')
  t.strictSame(await exit, [0, null], stderr())
  const report = JSON.parse(stdout())
  t.match(report, { node: process.versions.node, seconds: 1, rounds: 1, connections: 8 })
  t.strictSame(report.scenarios.map(({ name }: { name: string }) => name), ['bare upstream', 'admitted', 'refused', 'limited'])
  for (const { name, requestsPerSecond, latency: { p50, p99 }, ratio } of report.scenarios) {
    t.ok(requestsPerSecond.median > 0 && p50.median > 0 && p99.median >= p50.median && ratio.median > 0, name)
  }
  t.match(stderr(), /\nwarm-up {2}bare upstream {2}[\d,]+ req\/s\n(?:.*\n){4}round 1 {2}admitted {2}/)
  await isGone(t, stderr())
})

t.test('an interrupted run stops what it started', async (t) => {
  const { child, stdout, stderr, exit } = run(t, '--seconds', '60')
  while (!stderr().includes('every answer is checked')) await once(child.stderr!, 'data')
  child.kill('SIGINT')
  t.strictSame(await exit, [130, null])
  t.equal(stdout(), '')
  t.match(stderr(), /the load test failed: interrupted\n$/)
  await isGone(t, stderr())
})

t.test('a wrong argument is told, with the usage', async (t) => {
  for (const [argument, says] of [['--seconds=0', '--seconds is "0": it must be a whole number from 1 to 3600'], ['--url=http://x', "'--url'"]] as const) {
    const { stderr, exit } = run(t, argument)
    t.strictSame(await exit, [64, null])
    t.match(stderr(), says)
    t.match(stderr(), 'usage: npm run loadtest -- [options]')
  }
  const { stdout, exit } = run(t, '--help')
  t.strictSame(await exit, [0, null])
  t.match(stdout(), /^usage: npm run loadtest/)
})

const named = (name: string): Scenario => scenarios.find((scenario) => scenario.name === name) as Scenario
const broken: readonly { name: string, scenario: Scenario, says: RegExp }[] = [
  {
    name: 'an admitted call with another body',
    scenario: { ...named('admitted'), expected: { status: 200, body: '{"items":[]}' } },
    says: /^admitted: expected 200 with \{"items":\[\]\}, got 200 with \{"items":\[\{"channel":"infoline",.*… \(after 0 right answers\)$/
  },
  {
    name: 'a limit that does not hold',
    scenario: { ...named('limited'), path: named('admitted').path, voucher: { purpose: 'tickets' } },
    says: /^limited: expected 429 with a problem "burst-exceeded", got 200 with /
  },
  {
    name: 'a first call that is refused',
    scenario: { ...named('limited'), voucher: { purpose: 'limited', expiresIn: -60 } },
    says: /^limited, first call: expected 200 with .*, got 401 with \{.*"code":"voucher-expired"/
  }
]

t.test('a run fails on a wrong answer', async (t) => {
  const stack = new AsyncDisposableStack()
  t.teardown(async () => stack.disposeAsync())
  const { signal } = new AbortController()
  const range = await startRange(stack, signal)
  for (const { name, scenario, says } of broken) {
    const fired = fireScenarios(range, [scenario], { seconds: 1, rounds: 1, connections: 8 }, { signal, onRound: () => { t.fail('no round is worth anything') } })
    await t.rejects(fired, { message: says }, name)
  }
  const { urls, log } = range.targets
  await stack.disposeAsync()
  await isGone(t, `${urls.gateway} ${urls.upstream} ${log}`)
})

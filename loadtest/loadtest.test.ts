import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { admittedPath } from './admitted-call.ts'
import { documentOf, mib1 } from './answers.ts'
import type { Expected } from './expected.ts'
import type { Headers } from './fire.ts'
import type { Proof } from './proofs.ts'
import { startRange } from './range.ts'
import type { Post } from './range.ts'
import { fireScenarios } from './run.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { gateway } from './targets.ts'

interface Run { child: ChildProcess, stdout: () => string, stderr: () => string, exit: Promise<unknown[]> }

// Runs are kept below the folder of the process.
const folder = t.testdir()

function run (t: Test, ...args: string[]): Run {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { cwd: folder, stdio: 'pipe' })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => { texts.stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { texts.stderr += chunk.toString() })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, exit: once(child, 'close') }
}

/** Everything that a run said it had started is gone: its listeners and its folder. */
async function isGone (t: Test, header: string): Promise<void> {
  const addresses = [...header.matchAll(/http:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port))
  t.ok(addresses.length > 0)
  for (const port of addresses) {
    const [error] = await once(connect(port, '127.0.0.1'), 'error') as [NodeJS.ErrnoException]
    t.equal(error.code, 'ECONNREFUSED')
  }
  const folder = /\S+varco-loadtest-\S+/.exec(header)?.[0] ?? ''
  t.match(folder, 'varco-loadtest-')
  t.notOk(existsSync(folder))
}

t.test('a run measures on answers that are all right, beside what it compares with, and leaves nothing behind', async (t) => {
  const { stdout, stderr, exit } = run(t, '--only', 'Node static answer', '--calls', '2000', '--rounds', '1', '--connections', '8', '--json')
  t.strictSame(await exit, [0, null], stderr())
  const report = JSON.parse(stdout())
  t.match(report, { node: process.versions.node, calls: 2000, rounds: 1, connections: 8, skipped: [] })
  t.strictSame(report.scenarios.map(({ name }: { name: string }) => name), ['bare upstream', 'node static answer'])
  for (const { name, requestsPerSecond, latency: { p50, p99 }, ratio, cpuMicros } of report.scenarios) {
    t.ok(requestsPerSecond.median > 0 && p50.median > 0 && p99.median >= p50.median && ratio.median > 0, name)
    if (process.platform === 'linux') t.ok(cpuMicros.median > 0, name)
  }
  t.match(stderr(), /\nwarm-up {2}bare upstream {2}[\d,]+ req\/s\nwarm-up {2}node static answer {2}.*\nround 1 {2}bare upstream {2}/)
  await isGone(t, stderr())
})

t.test('an interrupted run stops what it started', async (t) => {
  const { child, stdout, stderr, exit } = run(t, '--only', 'node static answer', '--seconds', '60')
  while (!stderr().includes('every answer is checked')) await once(child.stderr!, 'data')
  child.kill('SIGINT')
  t.strictSame(await exit, [130, null])
  t.equal(stdout(), '')
  t.match(stderr(), /the load test failed: interrupted\n$/)
  await isGone(t, stderr())
})

t.test('a wrong argument is told, with the usage', async (t) => {
  const { stderr, exit } = run(t, '--url', 'http://192.0.2.1')
  t.strictSame(await exit, [64, null])
  t.match(stderr(), '192.0.2.1 is not this machine: load is fired at another one only by whoever owns it, with --i-own-this-target')
  t.match(stderr(), 'usage: npm run loadtest -- [options]')
})

const load = { seconds: 0.1, calls: 20, rounds: 1, connections: 4 }
const named = (name: string): Scenario => scenarios.find((scenario) => scenario.name === name) as Scenario
const wrongBody: Expected = { status: 200, body: '{"items":[]}' }
const wrong = (name: string, expected: Expected = wrongBody): readonly [string, Scenario, RegExp] => [name, { ...named(name), expected }, /expected 200 with \{"items":\[\]\}, got 200 with \{/]
/** Every kind of order, each with something that is not as it should be. */
const broken: readonly (readonly [name: string, scenario: Scenario, says: RegExp])[] = [
  wrong('admitted'), wrong('unseen vouchers'), wrong('dpop'), wrong('post 1 KiB'), wrong('integrity 1 KiB'),
  ['slow readers', { ...named('slow readers 8 MiB'), expected: wrongBody, target: gateway }, /^a slow reader: expected 200 with \{"items":\[\]\}, got 200 with \{/],
  ['a long answer', { ...named('answer 1 MiB'), expected: { status: 200, body: documentOf(mib1).replace(/.{3}$/, 'x"}') } }, /^answer 1 MiB: expected 200 with /],
  ['a refusal with another code', { ...named('voucher expired'), expected: { status: 401, code: 'voucher-missing' } }, /^voucher expired: expected 401 with a problem "voucher-missing", got 401 with \{.*"code":"voucher-expired"/],
  ['a limit that does not hold', { ...named('limited'), path: admittedPath, proof: named('admitted').proof }, /^limited: expected 429 with a problem "burst-exceeded", got 200 with /],
  ['a first call that is refused', { ...named('limited'), proof: named('voucher expired').proof }, /^limited, first call: expected 200 with .*, got 401 with \{.*"code":"voucher-/]
]

t.test('one gateway', async (t) => {
  const stack = new AsyncDisposableStack()
  t.teardown(async () => stack.disposeAsync())
  const { signal } = new AbortController()
  const range = await startRange([gateway], undefined, stack, signal)
  const { target } = range.posts.get(gateway) as Post

  await t.test('every kind of call is answered as it should be', async (t) => {
    const good = scenarios.filter((scenario) => scenario.target === gateway).map(({ ratioTo: _ratioTo, ...scenario }) => scenario)
    const measured = await fireScenarios(range, good, { ...load, rounds: 0 }, { signal, onRound: () => undefined })
    t.ok(measured.length > 15)
  })

  for (const [name, scenario, says] of broken) {
    await t.test(`a run fails on a wrong answer: ${name}`, async (t) => {
      const fired = fireScenarios(range, [scenario], load, { signal, onRound: () => { t.fail('no round is worth anything') } })
      await t.rejects(fired, { message: says })
    })
  }

  await t.test('what may be used once is made anew for each round', async (t) => {
    const { ratioTo: _ratioTo, ...scenario } = named('dpop')
    const made: Headers[] = []
    const proof: Proof = {
      once: true,
      prepare: async (...of) => {
        const make = await scenario.proof.prepare(...of)
        return async () => {
          const headers = await make()
          made.push(headers)
          return headers
        }
      }
    }
    await fireScenarios(range, [{ ...scenario, proof }], load, { signal, onRound: () => undefined })
    t.equal(made.length, 4 * load.calls, 'one round, and a warm-up three times as long')
    t.equal(new Set(made.map(({ dpop }) => dpop)).size, made.length)
  })

  await t.test('a gateway that is there already is aimed at, with a voucher that is read', async (t) => {
    const args = ['--url', target.url.replace('127.0.0.1', 'localhost'), '--path', admittedPath, '--voucher-from', '-', '--calls', '20', '--rounds', '1', '--connections', '2', '--json']
    const aim = async (voucher: string, ...more: readonly string[]): Promise<Run> => {
      const aimed = run(t, ...args, ...more)
      aimed.child.stdin?.end(`${voucher}\n`)
      await aimed.exit
      return aimed
    }
    const expired = await range.platform.mint({ purpose: 'tickets', expiresIn: -60 })
    const [good, refused] = await Promise.all([aim(expired, '--expect-status', '401'), aim(expired)])
    t.equal(good.child.exitCode, 0, good.stderr())
    t.match(JSON.parse(good.stdout()), { url: target.url, scenarios: [{ name: `GET ${admittedPath}` }] })
    t.match(refused.stderr(), /the load test failed: GET \/rest\/.*: expected 200, got 401 with \{.*"code":"voucher-expired"/)
    t.equal(refused.child.exitCode, 1)
    t.notMatch(refused.stderr(), expired)
  })

  await stack.disposeAsync()
  await isGone(t, `${target.url} ${range.folder}`)
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { childrenOf, isAlive, temporaryFolder } from '../../gateway/harness/process.ts'
import { bodies } from './answers.ts'
import { Callers } from './caller.ts'
import type { Call } from './caller.ts'
import { choose, describe, kinds } from './kinds.ts'
import { slopeOf } from './regression.ts'
import { report, toJson } from './report.ts'
import { Traffic } from './traffic.ts'
import { faultsOf } from './verdict.ts'
import type { Soaked } from './verdict.ts'

/** Numbers from 0 to 1, the same ones for a seed. */
function* chances (seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = state * 48_271 % 2_147_483_647
    yield state / 2_147_483_647
  }
}

/** A memory that grows by 0.01 with each sample, and wanders: what it is keeps `inertia` of what it was. */
function wandering (inertia: number, seed: number): readonly { x: number, y: number }[] {
  const chance = chances(seed * 7919)
  let noise = 0
  return Array.from({ length: 400 }, (_, x) => {
    noise = noise * inertia + chance.next().value - 0.5
    return { x, y: 100 + 0.01 * x + noise }
  })
}

t.test('a line is found as it is', async (t) => {
  const { slope, uncertainty } = slopeOf(Array.from({ length: 20 }, (_, x) => ({ x, y: 3 + 2 * x })))
  t.ok(Math.abs(slope - 2) < 1e-9 && uncertainty < 1e-9)
  t.strictSame(slopeOf([{ x: 0, y: 0 }, { x: 1, y: 9 }]), { slope: 0, uncertainty: Infinity }, 'two samples say nothing')
})

t.test('samples that depend on each other make a slope less sure', async (t) => {
  const seeds = Array.from({ length: 100 }, (_, index) => index + 1)
  const found = (inertia: number) => seeds.map((seed) => slopeOf(wandering(inertia, seed)))
  for (const inertia of [0, 0.5, 0.9]) {
    const right = found(inertia).filter(({ slope, uncertainty }) => Math.abs(slope - 0.01) < uncertainty).length
    t.ok(right >= 85, `what is said to hold for 95 of 100 held for ${right}, inertia ${inertia}`)
  }
  t.ok(found(0).every(({ uncertainty }) => uncertainty < 0.0005))
})

const good: Soaked = {
  minutes: 60,
  warmUpMinutes: 10,
  interrupted: false,
  calls: 100_000,
  outcomes: { admitted: 99_000, 'invalid-body': 1000 },
  failed: 0,
  wrong: [],
  reloads: 60,
  died: undefined,
  rss: { first: 120, last: 121, highest: 140 },
  rssSlope: { slope: 0.4, uncertainty: 0.2 },
  used: { begin: 40, end: 40.1 },
  descriptors: { begin: 30, end: 30 },
  p99: { first: 4, last: 4.4 },
  delay: { median: 0.5, worst: 20 }
}

t.test('a soak fails by what is wrong, lost or growing, and by nothing else', async (t) => {
  t.strictSame(faultsOf(good), [])
  t.strictSame(faultsOf({ ...good, rssSlope: { slope: 30, uncertainty: 29.5 } }), [], 'a slope that is not surely above what is allowed')
  t.strictSame(faultsOf({ ...good, rssSlope: { slope: 0, uncertainty: Infinity }, descriptors: { begin: undefined, end: undefined }, rss: undefined, delay: undefined, p99: undefined }), [], 'what is not known')
  t.strictSame(faultsOf({ ...good, failed: 2 }), ['2 answers were wrong or missing'])
  t.strictSame(faultsOf({ ...good, descriptors: { begin: 30, end: 31 } }), ['file descriptors grew from 30 to 31'])
  t.strictSame(faultsOf({ ...good, died: 'the gateway ended by itself after 3.0 min' }), ['the gateway ended by itself after 3.0 min'])
  t.strictSame(faultsOf({ ...good, rssSlope: { slope: 1.6, uncertainty: 0.5 } }), ['the resident memory grew by 1.6 MiB in 10 minutes, at least by 1.1; 1 is allowed'])
  const short = { ...good, minutes: 5, rssSlope: { slope: 370, uncertainty: 320 } }
  t.strictSame(faultsOf(short), [], 'a short run in which nothing more is in use')
  t.strictSame(faultsOf({ ...short, used: { begin: 40, end: 51 } }), ['the resident memory grew by 370.0 MiB in 10 minutes, at least by 50.0; 1 is allowed'])
})

t.test('what was seen is told to people and to programs', async (t) => {
  const text = report({ ...good, failed: 1, wrong: ['1 x admitted: no answer: ECONNRESET'] })
  for (const line of [/^watched +60\.0 min after a warm-up of 10\.0 min$/m, /^RSS slope +0\.4 ± 0\.2 MiB in 10 min \(95 %\); allowed 1$/m, /^p99 +4\.0 ms in the first quarter, 4\.4 ms in the last \(\+10 %\)$/m, /^ {2}invalid-body +1,000$/m, /^wrong: 1 x admitted: no answer: ECONNRESET\nFAILED: 1 answers were wrong or missing$/m]) t.match(text, line)
  t.match(report(good), /\nnothing grew that must not, and every answer was right$/)
  t.match(JSON.parse(toJson(good)), { calls: 100_000, rssSlope: { slope: 0.4 }, faults: [] })
})

/** A server that does with every call what it is told to, and callers of it. */
async function serve (t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const vouchers = { good: 'v.o.u', limited: 'v.o.u', expired: 'v.o.u', elsewhere: 'v.o.u', purposeless: 'v.o.u', fresh: async () => 'v.o.u' }
const call: Call = { method: 'GET', path: '/', headers: {}, manner: 'whole' }

t.test('an answer is whole or it is not, and whoever leaves has none', async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === '/broken') response.writeHead(200, { 'Content-Length': 9 }).write('half', () => { request.socket.destroy() })
    else if (request.url === '/reads') request.resume().on('end', () => response.end('whole'))
    else if (request.url === '/late') setTimeout(() => response.end('late'), 200)
    else response.end(request.url === '/huge' ? bodies.huge : 'whole')
  })
  using callers = new Callers(url, 4)
  const came = async (rest: Partial<Call>) => callers.make({ ...call, ...rest })
  t.match(await came({}), { whole: true, status: 200, body: 'whole' })
  t.match(await came({ path: '/broken' }), { whole: false, status: 200, body: 'ECONNRESET' })
  t.match(await came({ path: '/late', manner: 'leaves-waiting' }), { whole: false, status: 0, body: 'left' })
  t.match(await came({ path: '/huge', manner: 'leaves-reading' }), { whole: false, status: 200, body: 'left' })
  t.match(await came({ method: 'POST', path: '/reads', body: 'body', manner: 'leaves-sending' }), { whole: false, body: 'left' })
  t.match(await came({ method: 'POST', length: 100 }), { whole: true, status: 200 })
  const slow = await came({ path: '/huge', manner: 'reads-slowly' })
  t.ok(slow.whole && slow.body === bodies.huge && slow.ms > 400)
})

t.test('every kind is called as often as it should, and its answer is judged', async (t) => {
  const seen = new Set(Array.from(chances(7).take(10_000), (chance) => choose(chance).name))
  t.equal(seen.size, kinds.length)
  const whole = { whole: true, status: 200, body: bodies.usual, ms: 1 }
  const problem = { whole: true, status: 502, body: '{"status":502,"code":"upstream-unreachable"}', ms: 1 }
  const judge = (name: string) => kinds.find((kind) => kind.name === name)?.isRight
  t.strictSame([whole, { ...whole, body: '{}' }, { ...whole, whole: false }].map((answer) => judge('admitted')?.(answer)), [true, false, false])
  t.strictSame([problem, { ...problem, status: 200 }, { ...whole, whole: false }, { ...whole, whole: false, status: 0 }].map((answer) => judge('upstream breaks off')?.(answer)), [true, false, true, false], 'half an answer never looks whole')
  t.strictSame([{ ...whole, whole: false, body: 'left' }, { ...whole, whole: false, body: 'ECONNRESET' }].map((answer) => judge('leaves while it waits')?.(answer)), [true, false])
  t.equal(describe(kinds[0] as never, { ...whole, status: 500, body: '{"code":"internal-error"}' }), 'admitted: 500 with a problem "internal-error"')
})

t.test('a call that is shed is right, and told by itself', async (t) => {
  const url = await serve(t, (_request, response) => { response.writeHead(503).end('{"status":503,"code":"overloaded"}') })
  const traffic = new Traffic(1000)
  const running = traffic.run(url, 4, () => vouchers)
  while (traffic.calls < 20) await wait(5)
  traffic.stop()
  await running
  // Who leaves may not see what it was answered.
  t.strictSame([[...traffic.outcomes.keys()].filter((name) => !name.startsWith('leaves')), traffic.failed], [['overloaded'], 0])
})

t.test('wrong answers are counted, and many of them in one line', async (t) => {
  let number = 0
  const url = await serve(t, (_request, response) => { response.writeHead(500).end(String(number++)) })
  const traffic = new Traffic(1000)
  const running = traffic.run(url, 8, () => vouchers)
  while (traffic.failed < 60) await wait(5)
  traffic.stop()
  await running
  t.match(traffic.wrong.at(-1), /^\d+ x others$/)
  t.equal(traffic.wrong.length, 21)
  t.equal(traffic.p99, undefined)
})

function launch (t: Test, ...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../soak.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => { texts.stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { texts.stderr += chunk.toString() })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, texts, exit: once(child, 'close') }
}

t.test('a gateway is called in every way until it is interrupted, what is known by then is told, and nothing is left', async (t) => {
  const file = join(await temporaryFolder(t), 'soak.json')
  const { child, texts, exit } = launch(t, '--minutes', '0.1', '--connections', '8', '--json', file)
  while (!/[1-9]\d* calls/.test(texts.stderr) && child.exitCode === null) await wait(20)
  const programs = await childrenOf(child.pid as number)
  t.equal(programs.length, 2, 'an e-service and a gateway')
  await wait(400)
  child.kill('SIGINT')
  t.strictSame(await exit, [130, null], texts.stderr)
  t.match(texts.stdout, /^watched .* interrupted\ncalls +\d+.*\nRSS/)
  const told = JSON.parse(await readFile(file, 'utf8')) as Soaked
  t.match(told, { interrupted: true, failed: 0, wrong: [], faults: [] })
  t.ok(told.calls > 0 && Object.keys(told.outcomes).length > 5)
  t.strictSame(programs.filter(({ pid }) => isAlive(pid)), [])
})

t.test('a wrong argument is told, with the usage', async (t) => {
  const { texts, exit } = launch(t, '--minutes', '0')
  t.strictSame(await exit, [64, null])
  t.match(texts.stderr, /^--minutes is "0": it must be a number from 0\.1 to 1200\n\nusage: npm run soak -- \[options\]/)
})

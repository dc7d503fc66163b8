import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { until } from '../harness/gateway.ts'
import { Journal } from './journal.ts'
import { keepQuotas, quotasFile, readOtherCounts } from './quotas-file.ts'
import type { KeepingOptions, KeptQuotas } from './quotas-file.ts'
import { MemoryQuotas } from './quotas-memory.ts'
import { claimOn, eserviceId, today } from './quotas-suite.ts'

const noon = Date.parse(`${today}T12:00:00+01:00`)
const day = 86_400_000

/** Quotas that are kept in a folder; `left` are the calls of ten that are left. */
async function open (folder: string, options: Partial<KeepingOptions> = {}): Promise<{ readonly quotas: MemoryQuotas, readonly kept: KeptQuotas, readonly warnings: string[], readonly left: (key: string, date?: string) => number }> {
  const quotas = new MemoryQuotas()
  const warnings: string[] = []
  const kept = await keepQuotas(folder, quotas, { now: () => noon, warn: (message) => { warnings.push(message) }, everyMs: 60_000, ...options })
  return { quotas, kept, warnings, left: (key, date = today) => quotas.peek(claimOn({ [key]: 10 }, { date }))[0] as number }
}

const linesOf = async (folder: string): Promise<string[]> => (await readFile(join(folder, quotasFile), 'utf8')).trimEnd().split('\n')

t.test('what was counted is known again, by the same name', async (t) => {
  const folder = t.testdir()
  const first = await open(folder)
  for (let count = 0; count < 3; count++) first.quotas.take(claimOn({ a: 10, b: 10 }), false)
  first.quotas.giveBack(claimOn({ b: 10 }))
  await first.kept.close()
  const second = await open(folder)
  t.strictSame([second.left('a'), second.left('b'), second.kept.node], [7, 8, first.kept.node])
  t.not((await open(t.testdir())).kept.node, first.kept.node)
  t.equal((await stat(join(folder, quotasFile))).mode & 0o777, 0o600)
})

t.test('only what changed is written, once', async (t) => {
  const folder = t.testdir()
  const { quotas, kept } = await open(folder)
  await kept.keep()
  t.equal((await linesOf(folder)).length, 1)
  for (let count = 0; count < 5; count++) quotas.take(claimOn({ a: 10 }), false)
  await Promise.all([kept.keep(), kept.keep()])
  t.strictSame((await linesOf(folder)).slice(1).map((line) => JSON.parse(line) as unknown), [{ date: today, eserviceId, key: 'a', calls: 5 }])
})

t.test('it is written by itself', async (t) => {
  const folder = t.testdir()
  const { quotas, kept } = await open(folder, { everyMs: 10 })
  t.teardown(async () => kept.close())
  quotas.take(claimOn({ a: 10 }), false)
  const text = (): string => readFileSync(join(folder, quotasFile), 'utf8')
  await until(() => text().includes('"calls":1'))
  t.match(text(), '"calls":1')
})

t.test('days that are over are left out, days to come by this clock are not', async (t) => {
  const folder = t.testdir()
  const { quotas, kept } = await open(folder)
  quotas.take(claimOn({ a: 10 }), false)
  quotas.take(claimOn({ a: 10 }, { date: '2026-03-03' }), false)
  await kept.close()
  const before = await open(folder, { now: () => noon - 10 * day })
  t.strictSame([before.left('a'), before.left('a', '2026-03-03')], [9, 9], 'a clock that was set back')
  await before.kept.close()
  t.equal((await open(folder, { now: () => noon + day })).left('a', '2026-03-03'), 9)
  t.equal((await linesOf(folder)).length, 2)
})

t.test('a file that is not ours stops the start; the end of one that was being written does not', async (t) => {
  for (const line of ['{}', '7', '{"node":"x"}', `{"date":"2026-3-2","eserviceId":"${eserviceId}","key":"a","calls":1}`, `{"date":"${today}","eserviceId":"x","key":"a","calls":1}`, `{"date":"${today}","eserviceId":"${eserviceId}","key":"a","calls":1.5}`, `{"date":"${today}","eserviceId":"${eserviceId}","key":"a","calls":1,"more":1}`]) {
    await t.rejects(open(t.testdir({ [quotasFile]: `${line}\n` })), { message: /quotas\.jsonl:1: / }, line)
  }
  const folder = t.testdir()
  const { quotas, kept } = await open(folder)
  quotas.take(claimOn({ a: 10 }), false)
  await kept.close()
  await writeFile(join(folder, quotasFile), `{"date":"${today}","eserv`, { flag: 'a' })
  t.equal((await open(folder)).left('a'), 9)
})

t.test('what others counted is read from all folders but the own one, whoever runs, and what of it is not whole is told of', async (t) => {
  const state = t.testdir()
  const folderOf = (worker?: number): string => worker === undefined ? state : join(state, `worker-${worker}`)
  const nodes: string[] = []
  for (const [worker, calls] of [[undefined, 1], [1, 2], [12, 3]] as const) {
    const { quotas, kept } = await open(folderOf(worker))
    for (let count = 0; count < calls; count++) quotas.take(claimOn({ a: 10 }), false)
    await kept.keep()
    nodes.push(kept.node)
  }
  const broken: string[] = []
  const others = async (folder: string): Promise<unknown[]> => (await readOtherCounts(state, folder, ({ message }) => { broken.push(message) })).map(({ node, counts }) => [nodes.indexOf(node), ...[...counts.since(today)].map(({ calls }) => calls)])
  t.strictSame(await others(folderOf(1)), [[0, 1], [2, 3]])
  t.strictSame(await others(folderOf()), [[1, 2], [2, 3]])
  await writeFile(join(folderOf(12), quotasFile), '{"date"', { flag: 'a' })
  t.strictSame(await others(folderOf(7)), [[0, 1], [1, 2], [2, 3]], 'one is writing just now')
  t.strictSame(broken, [])
  await writeFile(join(folderOf(12), quotasFile), '\n', { flag: 'a' })
  t.strictSame(await others(folderOf(7)), [[0, 1], [1, 2], [2, 3]], 'as far as it can be read')
  t.match(broken, [/worker-12.quotas\.jsonl:3: is no entry/])
})

t.test('what cannot be written is said once, and written later', async (t) => {
  const folder = t.testdir()
  const { quotas, kept, warnings } = await open(folder)
  const broken = t.intercept(Journal.prototype, 'append', { value: async () => false })
  for (const key of ['a', 'b']) {
    quotas.take(claimOn({ [key]: 10 }), false)
    await kept.keep()
  }
  t.match(warnings, [/cannot be kept in quotas\.jsonl/])
  broken.restore()
  await kept.keep()
  t.match(warnings, [/cannot be kept/, /are kept in quotas\.jsonl again/])
  await kept.close()
  const { left } = await open(folder)
  t.strictSame([left('a'), left('b')], [9, 9])
})

t.test('whoever lost the file to another process says so once and goes on', async (t) => {
  const folder = t.testdir()
  const first = await open(folder)
  const second = await open(folder)
  for (let count = 0; count < 3; count++) {
    first.quotas.take(claimOn({ a: 10 }), false)
    await first.kept.keep()
  }
  t.match(first.warnings, [/cannot be kept in quotas\.jsonl/])
  second.quotas.take(claimOn({ a: 10 }), false)
  await second.kept.close()
  await first.kept.close()
  t.equal((await open(folder)).left('a'), 9)
})

/** A process that counts a call each millisecond or so and says how many it has counted. */
const counting = (folder: string): string => `
  import { MemoryQuotas } from ${JSON.stringify(join(import.meta.dirname, 'quotas-memory.ts'))}
  import { keepQuotas } from ${JSON.stringify(join(import.meta.dirname, 'quotas-file.ts'))}
  import { claimOn } from ${JSON.stringify(join(import.meta.dirname, 'quotas-suite.ts'))}
  const quotas = new MemoryQuotas()
  await keepQuotas(${JSON.stringify(folder)}, quotas, { now: () => ${noon}, warn: () => undefined, everyMs: 100 })
  let calls = -quotas.peek(claimOn({ a: 0 }))[0]
  setInterval(() => {
    quotas.take(claimOn({ a: 0 }), true)
    process.stdout.write(\`\${++calls} \${performance.timeOrigin + performance.now()}\\n\`)
  }, 1)`

async function countAndKill (t: Test, folder: string, ms: number): Promise<readonly { readonly calls: number, readonly at: number }[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', counting(folder)], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { out += chunk })
  await until(() => out.split('\n').length > ms)
  child.kill('SIGKILL')
  await once(child, 'close')
  return out.trimEnd().split('\n').map((line) => ({ calls: Number(line.split(' ')[0]), at: Number(line.split(' ')[1]) }))
}

t.test('a process that is killed forgets no more than it counted since it last wrote', async (t) => {
  const folder = t.testdir()
  let before = 0
  for (const count of [150, 320, 90]) {
    const said = await countAndKill(t, folder, count)
    const last = said.at(-1) as { calls: number, at: number }
    t.equal(said[0]?.calls, before + 1, 'it went on from where it was')
    const { quotas, kept } = await open(folder)
    before = -(quotas.peek(claimOn({ a: 0 }))[0] as number)
    await kept.close()
    const old = said.findLast(({ at }) => at < last.at - 400)?.calls ?? 0
    t.ok(before <= last.calls && before >= old, `${before} of ${last.calls}, and ${old} were counted well before`)
  }
})

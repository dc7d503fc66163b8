import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { until } from '../harness/gateway.ts'
import { Pseudonyms } from './pseudonyms.ts'

const march = Date.parse('2026-03-02T10:00:00Z')

function placeFor (t: Test, state = t.testdir({})) {
  const clock = { now: march }
  const warnings: string[] = []
  const openOne = async (): Promise<Pseudonyms> => {
    const opened = await Pseudonyms.open({ state, now: () => clock.now, warn: (message) => { warnings.push(message) } })
    t.teardown(() => { opened.close() })
    return opened
  }
  return { state, folder: join(state, 'pseudonyms'), clock, warnings, openOne }
}

t.test('a user has one name for a consumer and a month, in every process, and nobody else has it', async (t) => {
  const { openOne, clock } = placeFor(t)
  const pseudonyms = await openOne()
  const name = pseudonyms.of('consumer', 'user293')
  t.match(name, /^[\w-]{43}$/)
  t.equal(pseudonyms.of('consumer', 'user293'), name)
  t.equal((await openOne()).of('consumer', 'user293'), name, 'nor does a restart change it')
  for (const [consumer, user] of [['consumer', 'user294'], ['other', 'user293'], ['consumer","', 'user293'], ['consume', 'ruser293'], ['consumer', 'user293\u2028'], ['consumer', '']] as const) t.not(pseudonyms.of(consumer, user), name)
  clock.now = Date.parse('2026-03-31T21:59:59Z')
  t.equal(pseudonyms.of('consumer', 'user293'), name)
  clock.now++
  clock.now = Date.parse('2026-03-31T22:00:00Z')
  await until(() => pseudonyms.of('consumer', 'user293') !== undefined)
  t.not(pseudonyms.of('consumer', 'user293'), name, 'April begins in Rome')
})

t.test('processes that begin together agree on a key', async (t) => {
  const { openOne } = placeFor(t)
  const all = await Promise.all(Array.from({ length: 10 }, openOne))
  t.equal(new Set(all.map((one) => one.of('consumer', 'user'))).size, 1)
})

t.test('the key of a month is there when it begins, and of its user alone', async (t) => {
  const { openOne, clock, folder } = placeFor(t)
  clock.now = Date.parse('2026-03-31T21:00:00Z')
  const pseudonyms = await openOne()
  t.strictSame((await readdir(folder)).toSorted(), ['2026-03.key', '2026-04.key'])
  t.equal((await stat(folder)).mode & 0o777, 0o700)
  t.equal((await stat(join(folder, '2026-03.key'))).mode & 0o777, 0o600)
  t.equal((await readFile(join(folder, '2026-03.key'))).length, 32)
  clock.now = Date.parse('2026-03-31T22:00:00Z')
  t.ok(pseudonyms.of('consumer', 'user'), 'at once')
})

t.test('a key goes when every record of its month is gone, and what it said with it', async (t) => {
  const { openOne, clock, folder } = placeFor(t)
  const pseudonyms = await openOne()
  await writeFile(join(folder, 'others'), '')
  clock.now = Date.parse('2026-05-02T23:59:59Z')
  await pseudonyms.expire(31)
  t.strictSame((await readdir(folder)).toSorted(), ['2026-03.key', 'others'], 'what ended in April can still be there')
  clock.now += 1000
  await pseudonyms.expire(31)
  t.strictSame(await readdir(folder), ['others'])
  await rm(folder, { recursive: true })
  await pseudonyms.expire(31)
})

t.test('without a key there are no names; once there can be one there are', async (t) => {
  const { openOne, state, folder, warnings } = placeFor(t)
  await writeFile(join(state, 'pseudonyms'), 'in the way')
  const pseudonyms = await openOne()
  t.equal(pseudonyms.of('consumer', 'user'), undefined)
  await until(() => warnings.length > 0)
  await rm(folder)
  await until(() => pseudonyms.of('consumer', 'user') !== undefined)
  t.ok(pseudonyms.of('consumer', 'user'))
  t.equal(warnings.length, 1)
  await writeFile(join(folder, '2026-03.key'), 'short')
  t.equal((await openOne()).of('consumer', 'user'), undefined)
  t.match(warnings.at(-1), /2026-03\.key is no key of 32 bytes/)
})

import { appendFile, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { interactionsFile, openInteractions } from './interactions-file.ts'
import type { KeptInteractions } from './interactions-file.ts'
import { MemoryInteractions } from './interactions-memory.ts'
import { id, now, startOf, testInteractions } from './interactions-suite.ts'

/** Opens them in a folder and closes them when the test ends. */
async function openIn (test: Test, folder: string, capacity?: number): Promise<KeptInteractions> {
  const interactions = await openInteractions(folder, () => now, { capacity })
  test.teardown(() => interactions.close())
  return interactions
}

const folderOf = (test: Test): string => join(test.testdir(), 'state')

for (const [where, open] of Object.entries({ memory: async (_test: Test, capacity?: number) => new MemoryInteractions(capacity), 'a file': async (test: Test, capacity?: number) => openIn(test, folderOf(test), capacity) })) {
  t.test(`in ${where} it is as everywhere`, async (t) => testInteractions(t, open))
}

const contentOf = async (folder: string): Promise<string> => readFile(join(folder, interactionsFile), 'utf8')

t.test('another process finds what was done, and nothing of what was taken back or is over', async (t) => {
  const folder = folderOf(t)
  const first = await openIn(t, folder)
  const started = startOf(1)
  await first.replace(undefined, started, now)
  await first.replace(started, startOf(1, { state: 'get_resource' }), now)
  await first.replace(undefined, startOf(2, { forgetAt: now }), now - 1)
  const third = startOf(3)
  await first.replace(undefined, third, now)
  first.restore(undefined, third)
  await first.close()
  t.equal((await contentOf(folder)).split('\n').length, 6, 'what was done, line by line')
  const second = await openIn(t, folder)
  t.match(await second.find(id(1), now, now), { state: 'get_resource' })
  t.equal(await second.find(id(2), now - 1, now), undefined)
  t.equal(await second.find(id(3), now, now), undefined)
  t.equal(await contentOf(folder), `${JSON.stringify(startOf(1, { state: 'get_resource' }))}\n`, 'only what counts is left in the file')
  t.equal(await second.replace(undefined, startOf(1), now), 'changed')
})

t.test('a step counts once it is on the disk', async (t) => {
  const folder = folderOf(t)
  const interactions = await openIn(t, folder)
  for (const last of [1, 2, 3]) {
    await interactions.replace(undefined, startOf(last), now)
    t.match(await contentOf(folder), id(last))
  }
  await Promise.all(Array.from({ length: 500 }, async (_, index) => interactions.replace(undefined, startOf(100 + index), now)))
  t.equal((await contentOf(folder)).split('\n').length, 504)
})

t.test('it is for its owner only', { skip: process.platform === 'win32' }, async (t) => {
  const folder = folderOf(t)
  await openIn(t, folder)
  t.equal((await stat(folder)).mode & 0o777, 0o700)
  t.equal((await stat(join(folder, interactionsFile))).mode & 0o777, 0o600)
})

t.test('of an entry that was being written when the process died nothing is left', async (t) => {
  const folder = folderOf(t)
  const first = await openIn(t, folder)
  await first.replace(undefined, startOf(1), now)
  await first.close()
  const torn = JSON.stringify(startOf(2)).slice(0, -10)
  await appendFile(join(folder, interactionsFile), torn)
  const second = await openIn(t, folder)
  t.equal(await second.find(id(2), now, now), undefined)
  t.equal(await second.replace(undefined, startOf(2), now), 'done')
  await second.close()
  t.equal(await contentOf(folder), [startOf(1), startOf(2), ''].map((one) => one && JSON.stringify(one)).join('\n'))
})

t.test('a file that holds something else stops the start with its line', async (t) => {
  const folder = folderOf(t)
  await mkdir(folder)
  const good = JSON.stringify(startOf(1))
  const wrong = ['', '{}', 'null', '7', '{"id":', JSON.stringify({ id: 'x' }), JSON.stringify(startOf(2, { state: 'read' as never })), JSON.stringify({ ...startOf(2), more: 1 }), JSON.stringify({ ...startOf(2), forgetAt: '1' }), JSON.stringify({ ...startOf(2), clientId: undefined })]
  for (const line of wrong) {
    await writeFile(join(folder, interactionsFile), `${good}\n${line}\n${good}\n`)
    await t.rejects(openInteractions(folder, () => now), { message: /interactions\.jsonl:2: is no entry of the gateway's/ }, line)
  }
  await writeFile(join(folder, interactionsFile), `${good}\n{"id":"${id(1)}"}\n`)
  t.equal(await (await openIn(t, folder)).find(id(1), now, now), undefined)
})

t.test('what cannot be kept is not done: not in memory, not in the file', async (t) => {
  const folder = folderOf(t)
  const interactions = await openIn(t, folder)
  const started = startOf(1)
  await interactions.replace(undefined, started, now)
  await interactions.close()
  t.equal(await interactions.replace(undefined, startOf(2), now), 'unavailable')
  t.equal(await interactions.find(id(2), now, now), undefined)
  t.equal(await interactions.replace(started, startOf(1, { state: 'get_resource' }), now), 'unavailable')
  t.strictSame(await interactions.find(id(1), now, now), started)
  t.equal(await contentOf(folder), `${JSON.stringify(started)}\n`)
})

t.test('who opened the file last owns it: whoever had it before can take no more steps, and nothing of its is lost', async (t) => {
  const folder = folderOf(t)
  const first = await openIn(t, folder)
  await first.replace(undefined, startOf(1), now)
  const second = await openIn(t, folder)
  t.equal(await first.replace(undefined, startOf(2), now), 'unavailable')
  t.equal(await second.find(id(1), now, now) === undefined, false)
  t.equal(await second.replace(undefined, startOf(2), now), 'done')
})

t.test('while one process hands over to the next, each step is refused or known afterwards', async (t) => {
  const folder = folderOf(t)
  for (let round = 0; round < 20; round++) {
    const first = await openInteractions(folder, () => now)
    const outcomes = new Map<string, string>()
    const steps = Array.from({ length: 30 }, async (_, index) => {
      await new Promise((resolve) => { setTimeout(resolve, index / 6) })
      const started = startOf(round * 100 + index)
      outcomes.set(started.id, await first.replace(undefined, started, now))
    })
    await new Promise((resolve) => { setTimeout(resolve, 2) })
    const second = await openInteractions(folder, () => now)
    await Promise.all(steps)
    for (const [each, outcome] of outcomes) {
      const known = await second.find(each, now, now) !== undefined
      if (outcome === 'done' && !known) t.fail(`${each} was admitted and is not known (round ${round})`)
    }
    await Promise.all([first.close(), second.close()])
  }
  t.pass('nothing was lost')
})

t.test('half of an entry that could not be written is cut off before the next one', async (t) => {
  const folder = folderOf(t)
  const interactions = await openIn(t, folder)
  await interactions.replace(undefined, startOf(1), now)
  await appendFile(join(folder, interactionsFile), '{"id":"half')
  t.equal(await interactions.replace(undefined, startOf(2), now), 'done')
  t.equal(await contentOf(folder), [startOf(1), startOf(2), ''].map((one) => one && JSON.stringify(one)).join('\n'))
  const file = await open(join(folder, interactionsFile), 'r+')
  await file.truncate(10)
  await file.close()
  t.equal(await interactions.replace(undefined, startOf(3), now), 'unavailable', 'a file that was cut by somebody else is not one to go on with')
})

t.test('the file is written anew before it grows without end', async (t) => {
  const folder = folderOf(t)
  const interactions = await openIn(t, folder)
  let largest = 0
  for (let round = 0; round < 30; round++) {
    const all = await Promise.all(Array.from({ length: 500 }, async (_, index) => {
      const started = startOf(index)
      await interactions.replace(undefined, started, now)
      interactions.restore(undefined, started)
      return started
    }))
    largest = Math.max(largest, (await contentOf(folder)).split('\n').length)
    t.equal(await interactions.find(all[0]!.id, now, now), undefined)
  }
  t.ok(largest < 12_000, `${largest} lines at most, of 30000 that were written`)
  const kept = startOf(7)
  t.equal(await interactions.replace(undefined, kept, now), 'done')
  await interactions.close()
  t.strictSame(await (await openIn(t, folder)).find(id(7), now, now), kept)
})

t.test('a folder that cannot be made stops the start', async (t) => {
  const folder = t.testdir({ file: '' })
  await t.rejects(openInteractions(join(folder, 'file', 'state'), () => now), { code: 'ENOTDIR' })
})

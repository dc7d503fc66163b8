import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { snapshotFile } from './snapshot-file.ts'

const hours = 60 * 60_000
const now = Date.parse('2026-11-21T10:00:00Z')

/** A snapshot file in a folder of its own; `other` differs from it in its source. */
function open (t: Test, folder = t.testdir({})) {
  const clock = { now }
  const warnings: string[] = []
  const of = (source: string) => snapshotFile({ folder, name: 'keys.json', source, now: () => clock.now, warn: (message) => { warnings.push(message) } })
  return { folder, path: join(folder, 'keys.json'), clock, warnings, file: of('produzione https://a.example'), other: of('collaudo https://a.example') }
}

t.test('what is written is read, for its owner only, with nothing left beside it', async (t) => {
  const { file, folder, path, warnings } = open(t)
  t.equal(await file.read(), undefined)
  await Promise.all([1, 2, 3].map(async (number) => file.write({ content: { number }, at: now })))
  t.strictSame(await file.read(), { content: { number: 3 }, at: now })
  t.strictSame(await readdir(folder), ['keys.json'])
  if (process.platform !== 'win32') t.equal((await stat(path)).mode & 0o777, 0o600)
  t.strictSame(warnings, [])
})

t.test('it is used for 24 hours', async (t) => {
  const { file, clock, warnings } = open(t)
  await file.write({ content: {}, at: now })
  clock.now += 24 * hours - 1
  t.ok(await file.read())
  clock.now += 1
  t.equal(await file.read(), undefined)
  t.match(warnings, [/keys\.json is not used: it is older than 24 hours$/])
})

t.test('one of another environment is not used', async (t) => {
  const { file, other, warnings } = open(t)
  await other.write({ content: {}, at: now })
  t.equal(await file.read(), undefined)
  t.match(warnings, [/it is of another platform or address$/])
})

const broken: Readonly<Record<string, readonly [change: (text: string) => string, message: RegExp]>> = {
  'half of it': [(text) => text.slice(0, text.length / 2), /is not whole/],
  'nothing': [() => '', /is not whole/],
  'null': [() => 'null', /is not whole/],
  'a list': [() => '[]', /is not whole/],
  'a member twice': [(text) => text.replace('{', '{"at":1,'), /is not whole/],
  'no time': [(text) => text.replace('"at"', '"when"'), /has no time/],
  'a time to come': [(text) => text.replace(String(now), String(now + 60_001)), /one that is to come/],
  'a time that is text': [(text) => text.replace(String(now), `"${now}"`), /has no time/],
  'no source': [(text) => text.replace('"source"', '"from"'), /another platform/]
}

for (const [name, [change, message]] of Object.entries(broken)) {
  t.test(`${name} is not used`, async (t) => {
    const { file, path, warnings } = open(t)
    await file.write({ content: {}, at: now })
    await writeFile(path, change(await readFile(path, 'utf8')))
    t.equal(await file.read(), undefined)
    t.match(warnings, [message])
    await file.write({ content: {}, at: now })
    t.ok(await file.read(), 'and is replaced')
  })
}

t.test('what cannot be written is told, and the one before it stays', async (t) => {
  const { file, path, warnings } = open(t)
  await file.write({ content: 1, at: now })
  // Where it would be written first there is something else: that stops every user, root too.
  await mkdir(`${path}.${process.pid}.tmp`)
  await file.write({ content: 2, at: now })
  t.match(warnings, [/cannot be written \(EISDIR\)/])
  t.match(await file.read(), { content: 1 })
})

t.test('a folder that has gone is told, and stops nothing', async (t) => {
  const { file, folder, warnings } = open(t, join(t.testdir({ folder: {} }), 'folder'))
  await rm(folder, { recursive: true })
  await file.write({ content: 1, at: now })
  await file.idle()
  t.match(warnings, [/cannot be written \(ENOENT\)/])
})

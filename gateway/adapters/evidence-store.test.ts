import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, mkdir, open, readdir, readFile, rename, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { until } from '../harness/gateway.ts'
import { evidenceFiles } from './evidence-folder.ts'
import { readSegment } from './evidence-reader.ts'
import type { OpenFile } from './evidence-segment.ts'
import { EvidenceStore, EvidenceUnavailable } from './evidence-store.ts'
import type { EvidenceOptions } from './evidence-store.ts'
import { verifyEvidence } from './evidence-verification.ts'

const key = Buffer.alloc(32, 1)
const now = Date.parse('2026-03-02T10:00:00Z')
const day = 86_400_000

interface Facts { readonly kind: string, readonly n?: number }

/** A place for evidence, a clock, stores on it and what they warn of. */
function placeFor (t: Test) {
  const folder = join(t.testdir({}), 'evidence', 'archive')
  const clock = { now }
  const warnings: string[] = []
  const place = { folder, eserviceId: 'archive', keys: [key] }
  const store = async (options: Partial<EvidenceOptions> = {}): Promise<EvidenceStore> => {
    const opened = new EvidenceStore({ ...place, retentionDays: 30, now: () => clock.now, warn: (message) => { warnings.push(message) }, ...options })
    await opened.open()
    t.teardown(async () => opened.close())
    return opened
  }
  const names = async (): Promise<readonly string[]> => (await evidenceFiles.list(folder)).map(({ name }) => name)
  const verify = async (keys = [key]) => verifyEvidence({ ...place, keys }, 30, clock.now)
  const read = async (keys = [key]): Promise<{ n: number | undefined, hash: string, body: string | undefined }[]> => {
    const entries: { n: number | undefined, hash: string, body: string | undefined }[] = []
    for (const segment of await evidenceFiles.list(folder)) {
      await readSegment<Facts>({ ...place, keys }, segment, { bodies: true }, ({ facts, hash, body }) => { if (facts.kind === 'test') entries.push({ n: facts.n, hash, body: body?.toString() }) })
    }
    return entries
  }
  return { folder, clock, warnings, store, names, verify, read, path: (name: string) => join(folder, name) }
}

const facts = (n: number): Facts => ({ kind: 'test', n })

t.test('what is kept can be read again, in its order, with its body', async (t) => {
  const { store, read, verify, names } = placeFor(t)
  const kept = await store()
  const hashes = []
  for (let n = 0; n < 5; n++) hashes.push(await kept.keep(facts(n), n % 2 ? Buffer.from(`body ${n}`) : undefined))
  t.strictSame(await read(), hashes.map((hash, n) => ({ n, hash, body: n % 2 ? `body ${n}` : undefined })))
  t.match(hashes[0], /^[0-9a-f]{64}$/)
  t.strictSame(await verify(), { segments: 1, entries: 6, faults: [], notes: [] })
  t.strictSame(await names(), ['2026-03-02.0001.evidence'])
})

t.test('files are of their user alone, and nothing in them lies in clear', async (t) => {
  const { store, folder, path } = placeFor(t)
  const kept = await store()
  await kept.keep({ kind: 'test', canary: 'canary4711' }, Buffer.from('canary4711'.repeat(100)))
  const [name = ''] = await readdir(folder)
  t.equal((await stat(folder)).mode & 0o777, 0o700)
  t.equal((await stat(path(name))).mode & 0o777, 0o600)
  const bytes = await readFile(path(name))
  t.notMatch(bytes.toString('latin1'), /canary4711|kind|test|archive/)
  t.notOk(bytes.includes(key))
})

t.test('bodies of any size come back as they were', async (t) => {
  const { store, folder } = placeFor(t)
  const kept = await store()
  const bodies = [0, 1, 15, 16, 17, 65_536, 300_000, 2_000_000].map((size) => randomBytes(size))
  await Promise.all(bodies.map(async (body, n) => kept.keep(facts(n), body)))
  const [segment] = await evidenceFiles.list(folder)
  let same = 0
  await readSegment<Facts>({ folder, eserviceId: 'archive', keys: [key] }, segment!, { bodies: true }, ({ facts: { n }, body }) => {
    if (n !== undefined && (body ?? Buffer.alloc(0)).equals(bodies[n]!)) same++
  })
  t.equal(same, bodies.length)
})

/** Opens files and counts what is asked of the disk; `fail` says whether an operation goes wrong. */
function watchedDisk () {
  const disk = { syncs: 0, writes: 0, hold: Promise.resolve(), fail: undefined as 'write' | 'half a write' | 'sync' | 'open' | undefined }
  const openFile: OpenFile = async (...parameters) => {
    if (disk.fail === 'open') throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    const handle = await open(...parameters)
    const [append, sync] = [handle.appendFile.bind(handle), handle.datasync.bind(handle)]
    handle.appendFile = async (data) => {
      disk.writes++
      if (disk.fail === 'half a write') await append((data as Buffer).subarray(0, (data as Buffer).length / 2))
      if (disk.fail?.includes('write')) throw new Error('ENOSPC: no space left on device')
      return append(data)
    }
    handle.datasync = async () => {
      disk.syncs++
      await disk.hold
      if (disk.fail === 'sync') throw new Error('EIO: i/o error')
      return sync()
    }
    return handle
  }
  return { disk, openFile }
}

t.test('entries that come together share one fsync, and nobody is told before it', async (t) => {
  const { store, read, verify } = placeFor(t)
  const { disk, openFile } = watchedDisk()
  const kept = await store({ openFile })
  await kept.keep(facts(0))
  const { promise, resolve } = Promise.withResolvers<void>()
  disk.hold = promise
  disk.syncs = 0
  let told = 0
  const all = Promise.all(Array.from({ length: 500 }, async (_, n) => kept.keep(facts(n + 1)).finally(() => { told++ })))
  await new Promise((resolve) => { setTimeout(resolve, 30) })
  t.equal(told, 0)
  resolve()
  await all
  t.ok(disk.syncs <= 3, `${disk.syncs} for 500 entries`)
  t.strictSame((await read()).map(({ n }) => n), Array.from({ length: 501 }, (_, n) => n))
  t.match(await verify(), { entries: 502, faults: [] })
})

for (const fail of ['open', 'write', 'half a write', 'sync'] as const) {
  t.test(`when the disk fails (${fail}) nothing is said to be kept, and it goes on by itself afterwards`, async (t) => {
    const { store, read, verify } = placeFor(t)
    const { disk, openFile } = watchedDisk()
    const kept = await store({ openFile, segmentBytes: fail === 'open' ? 1 : 1_000_000 })
    await kept.keep(facts(1))
    disk.fail = fail
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, async () => kept.keep(facts(666), randomBytes(1000))))
    t.ok(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason instanceof EvidenceUnavailable))
    disk.fail = undefined
    await kept.keep(facts(2))
    await kept.keep(facts(3))
    t.strictSame((await read()).map(({ n }) => n), [1, 2, 3])
    t.match(await verify(), { faults: [], notes: [] })
  })
}

t.test('a disk that does not answer is not waited for, nor does anything pile up behind it', async (t) => {
  const { store, verify, read } = placeFor(t)
  const { disk, openFile } = watchedDisk()
  const kept = await store({ openFile, patienceMs: 50 })
  const { promise, resolve } = Promise.withResolvers<void>()
  disk.hold = promise
  await t.rejects(kept.keep(facts(1)), { message: 'the disk did not answer in time' })
  await until(() => disk.syncs > 0)
  const { writes, syncs } = disk
  for (let n = 2; n < 10; n++) await t.rejects(kept.keep(facts(n)), { message: 'the disk does not answer' })
  t.match(disk, { writes, syncs }, 'the disk is not asked for more')
  resolve()
  // As soon as it answers again; on a busy machine it may take its time even then.
  for (let told = ''; told === '';) {
    await new Promise((next) => { setTimeout(next, 5) })
    told = await kept.keep(facts(10)).catch(() => '')
  }
  await kept.close()
  t.match(await verify(), { faults: [] })
  t.match((await read()).map(({ n }) => n).filter((n) => n !== 10), [1], 'what was refused is not there: only the one that the disk had begun with')
})

t.test('a folder that is no folder, or is taken away while it is used', async (t) => {
  const { store, folder, read, warnings } = placeFor(t)
  await mkdir(join(folder, '..'), { recursive: true })
  await writeFile(folder, 'a file')
  const kept = await store()
  t.match(warnings.at(-1), /ENOTDIR/)
  await t.rejects(kept.keep(facts(1)), EvidenceUnavailable)
  await unlink(folder)
  await kept.keep(facts(2))
  t.match(await read(), [{ n: 2 }])
  await rm(folder, { recursive: true })
  await kept.keep(facts(3))
  t.match(await read(), [{ n: 3 }], 'what is kept is where it can be found')
})

t.test('a new process begins a segment of its own, and knows where the last one ended', async (t) => {
  const { store, read, names, verify, warnings } = placeFor(t)
  const [first, second] = [await store(), await store()]
  await Promise.all([first.keep(facts(1)), second.keep(facts(2))])
  await first.keep(facts(3))
  const third = await store()
  await third.keep(facts(4))
  await second.keep(facts(5))
  t.equal((await names()).length, 3)
  t.strictSame((await read()).map(({ n }) => n).toSorted((left = 0, right = 0) => left - right), [1, 2, 3, 4, 5])
  t.match(await verify(), { segments: 3, faults: [] })
  t.strictSame(warnings, [])
})

for (const [what, tear] of Object.entries({
  'half an entry': async (path: string) => truncate(path, (await stat(path)).size - 700),
  'a few bytes of an entry': async (path: string) => truncate(path, (await stat(path)).size - 1040),
  'zeros behind the last entry': async (path: string) => appendFile(path, Buffer.alloc(5000)),
  'an entry whose end is zeros': async (path: string) => { await truncate(path, (await stat(path)).size - 700); await appendFile(path, Buffer.alloc(700)) },
  'a file without anything': async (path: string) => truncate(path, 0),
  'half a first line': async (path: string) => truncate(path, 30)
})) {
  t.test(`a crash that leaves ${what} is noted, and loses nothing else`, async (t) => {
    const { store, names, path, verify, warnings, read } = placeFor(t)
    const kept = await store()
    await kept.keep(facts(1), randomBytes(1000))
    await kept.keep(facts(2), randomBytes(1000))
    await kept.close()
    await tear(path((await names())[0]!))
    const again = await store()
    t.match(warnings, [/: its last \d+ bytes are of an entry that was never whole$/])
    await again.keep(facts(3))
    t.match(await verify(), { faults: [], notes: [/never whole/] })
    t.match((await read()).at(-1), { n: 3 })
  })
}

/** Changes the bytes of a file. */
async function change (path: string, how: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, how(await readFile(path)))
}

/** The first line and the entries of a segment, as they lie in the file. */
function partsOf (bytes: Buffer): Buffer[] {
  const end = bytes.indexOf('\n') + 1
  const parts = [bytes.subarray(0, end)]
  for (let at = end; at < bytes.length;) {
    const next = at + 24 + bytes.readUInt32BE(at) + bytes.readUInt32BE(at + 4)
    parts.push(bytes.subarray(at, next))
    at = next
  }
  return parts
}

const flip = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[at]! ^= 1
  return changed
}
/** The parts are: first line, opening, entries 1 to 4. */
const tampering: Readonly<Record<string, readonly [how: (parts: Buffer[]) => readonly Buffer[], entry: number]>> = {
  'a changed fact': [(parts) => parts.with(3, flip(parts[3]!, 30)), 2],
  'a changed body': [(parts) => parts.with(3, flip(parts[3]!, parts[3]!.length - 20)), 2],
  'a changed tag': [(parts) => parts.with(3, flip(parts[3]!, parts[3]!.length - 1)), 2],
  'a length that reaches beyond the end': [(parts) => parts.with(3, flip(parts[3]!, 0)), 2],
  'two entries in another order': [(parts) => [parts[0]!, parts[1]!, parts[3]!, parts[2]!, parts[4]!, parts[5]!], 1],
  'an entry taken away': [(parts) => parts.toSpliced(3, 1), 2],
  'an entry twice': [(parts) => parts.toSpliced(3, 0, parts[3]!), 3],
  'the last entry taken away': [(parts) => parts.slice(0, -1), 4],
  'the last entries taken away': [(parts) => parts.slice(0, 2), 1],
  'everything taken away': [(parts) => parts.slice(0, 1), 0],
  'another salt': [(parts) => parts.with(0, Buffer.from(parts[0]!.toString().replace(/ \S{43}\n/, ` ${randomBytes(32).toString('base64url')}\n`))), 0],
  'something in front': [(parts) => [Buffer.from('x'), ...parts], 0],
  'something behind': [(parts) => [...parts, randomBytes(500)], 5]
}

for (const [what, [how, entry]] of Object.entries(tampering)) {
  t.test(`${what} is found, and the first broken entry named`, async (t) => {
    const { store, names, path, verify } = placeFor(t)
    const kept = await store()
    for (let n = 1; n <= 4; n++) await kept.keep(facts(n), randomBytes(100))
    // Another process after it.
    await (await store()).keep(facts(5))
    t.match(await verify(), { faults: [] })
    const [name = ''] = await names()
    await change(path(name), (bytes) => Buffer.concat(how(partsOf(bytes))))
    const { faults } = await verify()
    t.equal(faults.length, 1, faults.join('\n'))
    t.match(faults[0], `${name}, entry ${entry}: `)
  })
}

t.test('a changed length is no torn end, in the newest segment neither', async (t) => {
  const { store, names, path, verify } = placeFor(t)
  const kept = await store()
  for (let n = 1; n <= 4; n++) await kept.keep(facts(n), randomBytes(100))
  const [name = ''] = await names()
  await change(path(name), (bytes) => {
    const parts = partsOf(bytes)
    return Buffer.concat(parts.with(3, flip(parts[3]!, 0)))
  })
  t.match(await verify(), { entries: 2, faults: [`${name}, entry 2: `], notes: [] })
})

t.test('what was given before the end is kept, and nothing after it', async (t) => {
  const { store, read } = placeFor(t)
  const kept = await store()
  const first = kept.keep(facts(1))
  const closed = kept.close()
  await t.rejects(kept.keep(facts(2)), EvidenceUnavailable)
  await Promise.all([first, closed])
  t.match(await read(), [{ n: 1 }])
  t.equal((await read()).length, 1)
})

t.test('a segment that is missing, has another name or comes from another e-service is found', async (t) => {
  const { store, names, path, verify, folder } = placeFor(t)
  for (let n = 1; n <= 3; n++) await (await store()).keep(facts(n))
  const [first = '', second = '', third = ''] = await names()
  const bytes = await readFile(path(second))
  await unlink(path(second))
  t.match(await verify(), { faults: [`${second}: it is missing, and ${third} comes after it`] })
  await writeFile(path('2026-03-02.0009.evidence'), bytes)
  t.match((await verify()).faults, [/^2026-03-02\.0009\.evidence, entry 0: /, /missing/])
  await rename(path('2026-03-02.0009.evidence'), path(second))
  t.match(await verify(), { faults: [] })
  t.equal((await verifyEvidence({ folder, eserviceId: 'another', keys: [key] }, 30, now)).faults.length, 3)
  await writeFile(path(first), await readFile(path(second)))
  t.match((await verify()).faults, [/^2026-03-02\.0001\.evidence, entry 0: /])
})

t.test('a key is rotated by putting a new one in front', async (t) => {
  const { store, read, verify, clock, warnings } = placeFor(t)
  const next = Buffer.alloc(32, 2)
  await (await store()).keep(facts(1), Buffer.from('one'))
  clock.now += day
  await (await store({ keys: [next, key] })).keep(facts(2), Buffer.from('two'))
  t.match(await read([next, key]), [{ n: 1, body: 'one' }, { n: 2, body: 'two' }])
  t.match(await verify([next, key]), { faults: [] })
  t.match(await read([next]), [{ n: 2 }])
  t.match((await verify([next])).faults, [/^2026-03-02\.0001\.evidence, entry 0: it is encrypted with the key [0-9a-f]{16}, which is not among the configured ones$/])
  t.strictSame(warnings, [])
  await (await store({ keys: [Buffer.alloc(32, 3)] })).keep(facts(3))
  t.match(warnings, [/not among the configured ones/], 'and a start without the old one is told')
})

t.test('days are those of Rome, and whole days go when their time is over', async (t) => {
  const { store, clock, names, verify } = placeFor(t)
  clock.now = Date.parse('2026-03-02T22:59:59Z')
  const kept = await store()
  await kept.keep(facts(1))
  clock.now += 1000
  await kept.keep(facts(2))
  t.strictSame(await names(), ['2026-03-02.0001.evidence', '2026-03-03.0001.evidence'])
  clock.now = Date.parse('2026-04-01T23:59:59Z')
  await kept.expire()
  t.equal((await names()).length, 2)
  clock.now += 1000
  await kept.expire()
  t.strictSame(await names(), ['2026-03-03.0001.evidence'])
  t.match(await verify(), { faults: [] }, 'what is gone for its time is not missing')
  await kept.keep(facts(3))
  clock.now += 40 * day
  const again = await store()
  t.strictSame(await names(), [], 'at a start too')
  await again.keep(facts(4))
  t.match(await verify(), { entries: 2, faults: [] })
})

const endless = (folder: string): string => `
  import { EvidenceStore } from ${JSON.stringify(new URL('evidence-store.ts', import.meta.url).href)}
  const store = new EvidenceStore({ folder: ${JSON.stringify(folder)}, eserviceId: 'archive', keys: [Buffer.alloc(32, 1)], retentionDays: 30, now: () => ${now}, warn: () => undefined })
  await store.open()
  const body = Buffer.alloc(20_000, 'x')
  await Promise.all(Array.from({ length: 20 }, async () => { for (;;) process.stdout.write(await store.keep({ kind: 'test' }, body) + '\\n') }))
`

t.test('128: whatever a process was told is kept is there after it was killed', async (t) => {
  const { folder, read, verify } = placeFor(t)
  const told = new Set<string>()
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', endless(folder)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (out.length > 65 * 40 * (round + 1)) child.kill('SIGKILL')
    })
    await once(child, 'close')
    for (const line of out.split('\n').slice(0, -1)) told.add(line)
  }
  const there = new Set((await read()).map(({ hash }) => hash))
  t.ok(told.size > 500)
  t.ok([...told].every((hash) => there.has(hash)), `of ${told.size}`)
  t.strictSame((await verify()).faults, [])
})

t.test('a segment that has grown long is followed by another', async (t) => {
  const { store, names, verify, read } = placeFor(t)
  const kept = await store({ segmentBytes: 1000 })
  for (let n = 0; n < 6; n++) await kept.keep(facts(n), randomBytes(400))
  t.ok((await names()).length >= 3)
  t.equal((await read()).length, 6)
  t.match(await verify(), { faults: [] })
})

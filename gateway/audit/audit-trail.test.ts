import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { until } from '../harness/gateway.ts'
import type { Durability } from '../records/call-record.ts'
import type { OpenFile, SignedHead } from './audit-file.ts'
import type { Opening } from './audit-line.ts'
import { readLine } from './audit-line.ts'
import { auditPlaceOf } from './audit-place.ts'
import { auditFiles, readRecords } from './audit-reader.ts'
import { AuditTrail } from './audit-trail.ts'
import { verifyAudit } from './audit-verification.ts'
import type { TrailOptions } from './trail-options.ts'

const now = Date.parse('2026-03-02T10:00:00Z')
const hour = 3_600_000

/** A folder, a clock, trails on it and what they warn of and sign. */
function placeFor (t: Test, state = t.testdir({})) {
  const clock = { now }
  const [warnings, heads]: [string[], SignedHead[]] = [[], []]
  const place = auditPlaceOf(state)
  const trail = async (options: Partial<TrailOptions> = {}): Promise<AuditTrail> => {
    const opened = await AuditTrail.open({ ...place, node: 'node-1', now: () => clock.now, warn: (message) => { warnings.push(message) }, head: (head) => { heads.push(head) }, ...options })
    t.teardown(async () => opened.close())
    return opened
  }
  const names = async (): Promise<readonly string[]> => (await auditFiles.list(place.folder)).map(({ name }) => name)
  const opening = async (name: string): Promise<Opening> => JSON.parse((await readFile(join(place.folder, name), 'utf8')).split('\n')[0] as string) as Opening
  const openings = async (): Promise<readonly Opening[]> => Promise.all((await names()).map(opening))
  const read = async (): Promise<string[]> => {
    const ids: string[] = []
    for await (const records of readRecords(place.folder, undefined, (file, line) => { t.fail(`${file}:${line} cannot be read`) })) ids.push(...records.map(({ correlationId }) => correlationId))
    return ids
  }
  const faults = async (): Promise<readonly string[]> => (await verifyAudit(place.folder, { keys: undefined, heads, mayBeGone: () => false })).faults
  return { ...place, faults, clock, warnings, heads, trail, names, opening, openings, read, path: (name: string) => join(place.folder, name) }
}

const textOf = (id: string): string => JSON.stringify({ v: 1, time: '2026-03-02T10:00:00.000Z', durationMs: 1, correlationId: id })

async function add (trail: AuditTrail, id: string, durability: Durability = 'synced', endedAt = now): Promise<boolean> {
  return new Promise((resolve) => { trail.add(textOf(id), endedAt, durability, resolve) })
}

/** Opens files and counts what is asked of the disk; `fail` says what goes wrong, `hold` is waited for by what is held. */
function watchedDisk () {
  const disk = { syncs: 0, writes: 0, held: undefined as 'write' | 'sync' | 'open' | undefined, hold: Promise.resolve(), fail: undefined as 'write' | 'half a write' | 'a long write' | 'sync' | 'open' | undefined }
  const held = async (what: typeof disk.held): Promise<void> => { if (disk.held === what) await disk.hold }
  const openFile = (async (...parameters: Parameters<OpenFile>) => {
    await held('open')
    if (disk.fail === 'open') throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
    const handle = await open(...parameters)
    const [write, sync] = [handle.write.bind(handle), handle.datasync.bind(handle)]
    handle.write = (async (bytes: Buffer, offset: number, length: number) => {
      disk.writes++
      await held('write')
      if (disk.fail === 'half a write') await write(bytes, offset, Math.ceil(length / 2))
      if (disk.fail === 'a long write' ? length > 4096 : disk.fail?.includes('write')) throw new Error('ENOSPC: no space left on device')
      // A disk may take a part only.
      return write(bytes, offset, Math.ceil(length / 2))
    }) as typeof handle.write
    handle.datasync = async () => {
      disk.syncs++
      await held('sync')
      if (disk.fail === 'sync') throw new Error('EIO: i/o error')
      return sync()
    }
    return handle
  }) as OpenFile
  return { disk, openFile }
}

t.test('what was told to be kept is there, in its order, in files of their user alone', async (t) => {
  const { trail, read, names, folder, path, key, openings, warnings } = placeFor(t)
  const kept = await trail()
  t.ok(kept.works)
  const ids = ['one', 'line\u2028separator', 'lone \ud800 surrogate', 'ünï\u{1f600}', '"},"hash":"']
  for (const id of ids) t.ok(await add(kept, id, 'written'))
  t.ok(await add(kept, 'last'))
  t.strictSame(await read(), [...ids, 'last'])
  t.strictSame(await names(), ['2026-03-02.0001.audit'])
  t.match(await openings(), [{ kind: 'opening', v: 1, file: '2026-03-02.0001.audit', time: '2026-03-02T10:00:00.000Z', node: 'node-1', previous: null, tornBytes: 0, jwk: { kty: 'OKP', crv: 'Ed25519' } }])
  for (const [file, mode] of [[folder, 0o700], [path('2026-03-02.0001.audit'), 0o600], [key, 0o600]] as const) t.equal((await stat(file)).mode & 0o777, mode)
  t.strictSame(kept.figures, { records: 6, notKept: 0, heads: 0, waitingBytes: 0 })
  await kept.close()
  t.notOk(kept.works)
  t.notOk(await add(kept, 'late'))
  t.strictSame(warnings, [])
})

t.test('nobody is told before add returns, whatever becomes of it', async (t) => {
  const { trail } = placeFor(t)
  const kept = await trail({ waitingBytes: 100 })
  for (const text of [textOf('a'), textOf('x'.repeat(200))]) {
    let told = 0
    kept.add(text, now, 'written', () => { told++ })
    t.equal(told, 0)
    await until(() => told === 1)
  }
})

t.test('what is added when the last one was just told is kept, too', async (t) => {
  const { trail } = placeFor(t)
  const kept = await trail()
  for (let index = 0; index < 200; index++) t.ok(await add(kept, `${index}`, index % 5 === 0 ? 'synced' : 'written'))
})

t.test('what comes together is written together; only what asks for it waits for the disk', async (t) => {
  const { trail, read } = placeFor(t)
  const { disk, openFile } = watchedDisk()
  const kept = await trail({ openFile })
  const hold = Promise.withResolvers<void>()
  Object.assign(disk, { syncs: 0, writes: 0, held: 'sync', hold: hold.promise })
  const synced: boolean[] = []
  const all = Array.from({ length: 300 }, async (_, index) => { synced.push(await add(kept, `s${index}`)) })
  await Promise.all(Array.from({ length: 300 }, async (_, index) => add(kept, `w${index}`, 'written')))
  t.strictSame(synced, [])
  hold.resolve()
  await Promise.all(all)
  t.ok(synced.every(Boolean))
  t.ok(disk.syncs <= 3 && disk.writes <= 60, `${disk.syncs} fdatasync and ${disk.writes} writes for 600 records`)
  t.equal((await read()).length, 600)
})

t.test('what nobody waits for is on the disk within 50 ms all the same', async (t) => {
  const { trail } = placeFor(t)
  const { disk, openFile } = watchedDisk()
  const kept = await trail({ openFile })
  disk.syncs = 0
  await add(kept, 'a', 'written')
  t.equal(disk.syncs, 0)
  await until(() => disk.syncs === 1)
})

for (const fail of ['write', 'half a write', 'sync'] as const) {
  t.test(`when the disk fails (${fail}) what was not kept is told, and it goes on in another file`, async (t) => {
    const { trail, read, names, openings, warnings, faults } = placeFor(t)
    const { disk, openFile } = watchedDisk()
    const kept = await trail({ openFile, retryMs: 20 })
    await wait(25)
    t.ok(await add(kept, 'before'))
    disk.fail = fail
    t.strictSame(await Promise.all(Array.from({ length: 5 }, async () => add(kept, 'lost'))), Array.from({ length: 5 }, () => false))
    await until(() => !kept.works)
    t.notOk(await add(kept, 'refused'))
    disk.fail = undefined
    await until(() => kept.works)
    t.ok(await add(kept, 'after'))
    const [first = '', second = ''] = await names()
    t.ok(second > first)
    // Whether what could not be synced is there is not certain; what nobody wrote whole is not.
    t.strictSame((await read()).filter((id) => fail !== 'sync' || id !== 'lost'), ['before', 'after'])
    t.match((await openings()).at(-1), { previous: { file: first, ...fail === 'sync' ? {} : { lines: 2 } }, tornBytes: 0 })
    t.equal(kept.figures.notKept, 6)
    t.strictSame(await faults(), [])
    t.strictSame(warnings.map((warning) => warning.replace(/:.*/, '')), ['records of calls cannot be kept', 'records of calls are kept again'])
  })
}

t.test('a disk with room for an opening, and for no more, is not believed', async (t) => {
  const { trail, names } = placeFor(t)
  const { disk, openFile } = watchedDisk()
  const kept = await trail({ openFile, retryMs: 10 })
  await add(kept, 'before')
  await wait(15)
  disk.fail = 'a long write'
  t.notOk(await add(kept, 'x'.repeat(5000)))
  await until(() => !kept.works)
  disk.writes = 0
  await until(() => disk.writes > 6)
  t.notOk(kept.works)
  t.equal((await names()).filter((name) => name !== '2026-03-02.0001.audit').length <= 1, true, 'nor is it filled with openings')
  disk.fail = undefined
  await until(() => kept.works)
  t.ok(await add(kept, 'x'.repeat(5000)))
})

t.test('a disk that cannot be used at the start is used once it can', async (t) => {
  const { trail, read } = placeFor(t)
  const { disk, openFile } = watchedDisk()
  disk.fail = 'open'
  const kept = await trail({ openFile, retryMs: 10 })
  t.notOk(kept.works)
  t.notOk(await add(kept, 'lost', 'written'))
  disk.fail = undefined
  await until(() => kept.works)
  t.ok(await add(kept, 'kept', 'written'))
  t.strictSame(await read(), ['kept'])
})

for (const held of ['write', 'sync'] as const) {
  t.test(`a disk that does not answer (${held}) is waited for once; then nothing is taken until it does`, async (t) => {
    const { trail, read, warnings } = placeFor(t)
    const { disk, openFile } = watchedDisk()
    const kept = await trail({ openFile, patienceMs: 40 })
    const hold = Promise.withResolvers<void>()
    Object.assign(disk, { held, hold: hold.promise })
    // As connections do where there is a gateway: a promise alone keeps no process.
    const awake = setInterval(() => undefined, 1000)
    t.teardown(() => { clearInterval(awake) })
    const [first, second] = [add(kept, 'first'), add(kept, 'second')]
    t.notOk(await first)
    t.notOk(await second)
    t.notOk(kept.works)
    const before = performance.now()
    t.notOk(await add(kept, 'third', 'written'))
    t.ok(performance.now() - before < 40, 'at once')
    t.equal(kept.figures.waitingBytes, 0)
    disk.held = undefined
    hold.resolve()
    await until(() => kept.works)
    t.ok(await add(kept, 'fourth'))
    const there = await read()
    t.notOk(there.includes('third'))
    t.equal(there.at(-1), 'fourth')
    t.match(warnings, [/does not answer/, /again/])
  })

  t.test(`where it does not answer (${held}) at the end either, whoever waits is told`, async (t) => {
    const { trail } = placeFor(t)
    const { disk, openFile } = watchedDisk()
    const kept = await trail({ openFile, patienceMs: 40 })
    const hold = Promise.withResolvers<void>()
    Object.assign(disk, { held, hold: hold.promise })
    const asked = disk.syncs + disk.writes
    const first = add(kept, 'first')
    await until(() => disk.syncs + disk.writes > asked)
    const second = add(kept, 'second')
    const closed = kept.close()
    const awake = setInterval(() => undefined, 1000)
    t.teardown(() => { clearInterval(awake) })
    await closed
    t.strictSame(await Promise.all([first, second]), [false, false])
    hold.resolve()
  })
}

t.test('more than may wait for the disk is not taken', async (t) => {
  const { trail, read } = placeFor(t)
  const { disk, openFile } = watchedDisk()
  const kept = await trail({ openFile, waitingBytes: 10_000 })
  const hold = Promise.withResolvers<void>()
  Object.assign(disk, { held: 'write', hold: hold.promise })
  const told = Array.from({ length: 100 }, async () => add(kept, 'x'.repeat(1000), 'written'))
  t.strictSame(await told.at(-1), false)
  t.ok(kept.works, 'it is slow, and not broken')
  t.ok(kept.figures.waitingBytes <= 10_000)
  hold.resolve()
  t.equal((await Promise.all(told)).filter(Boolean).length, 9)
  t.equal((await read()).length, 9)
})

t.test('each day has a file, and back to an earlier one it goes only with the clock', async (t) => {
  const { trail, names, read, clock, faults } = placeFor(t)
  clock.now = Date.parse('2026-03-02T22:30:00Z')
  const kept = await trail()
  const midnight = Date.parse('2026-03-02T23:00:00Z')
  await Promise.all([add(kept, 'a', 'written', midnight - 1), add(kept, 'b', 'written', midnight), add(kept, 'c', 'synced', midnight - 1), add(kept, 'd', 'written', midnight + 48 * hour)])
  t.strictSame(await names(), ['2026-03-02.0001.audit', '2026-03-03.0001.audit', '2026-03-05.0001.audit'])
  t.strictSame(await read(), ['a', 'b', 'c', 'd'])
  // The clock was wrong, and is right again; a call that began before ends by the wrong one.
  await Promise.all([add(kept, 'e', 'written', midnight - hour), add(kept, 'f', 'synced', midnight + 48 * hour), add(kept, 'g', 'written', midnight - hour)])
  t.strictSame(await names(), ['2026-03-02.0001.audit', '2026-03-02.0002.audit', '2026-03-02.0003.audit', '2026-03-03.0001.audit', '2026-03-05.0001.audit', '2026-03-05.0002.audit'])
  clock.now = midnight + 50 * hour
  await add(kept, 'h', 'written', midnight + 50 * hour)
  await add(kept, 'i', 'written', midnight - hour)
  t.strictSame(await read(), ['a', 'e', 'g', 'b', 'c', 'd', 'f', 'h', 'i'], 'a clock that was late makes no file of an earlier day')
  await kept.close()
  t.strictSame(await faults(), [])
})

t.test('a file that has grown long is followed by another, which says how it ended', async (t) => {
  const { trail, names, openings, read, path, heads } = placeFor(t)
  const kept = await trail({ fileBytes: 1000 })
  for (let index = 0; index < 10; index++) await add(kept, `${index}`.repeat(300), 'written')
  const all = await names()
  t.ok(all.length >= 4)
  t.equal((await read()).length, 10)
  for (const [index, { previous }] of (await openings()).entries()) {
    if (index === 0) continue
    const lines = (await readFile(path(all[index - 1] as string), 'utf8')).split('\n').slice(0, -1)
    t.strictSame(previous, { file: all[index - 1], lines: lines.length, hash: readLine(lines.at(-1) as string)?.hash })
  }
  t.equal(heads.length, all.length - 1)
  t.ok(heads.every(({ closing }) => closing))
})

t.test('heads are signed when something was written, and at the end', async (t) => {
  const { trail, heads } = placeFor(t)
  const kept = await trail({ headMs: 10 })
  await wait(30)
  t.strictSame(heads, [])
  await add(kept, 'a', 'written')
  await until(() => heads.length === 1)
  t.match(heads[0], { node: 'node-1', file: '2026-03-02.0001.audit', lines: 2, closing: false, time: '2026-03-02T10:00:00.000Z', jws: /^[\w-]+\.[\w-]+\.[\w-]+$/ })
  await wait(30)
  t.equal(heads.length, 1)
  await add(kept, 'b', 'written')
  await kept.close()
  t.match(heads.at(-1), { closing: true })
  t.equal(kept.figures.heads, heads.length)
})

t.test('a file that was taken away is noticed, and another one begun', async (t) => {
  for (const gone of ['file', 'folder'] as const) {
    const { trail, names, path, read, folder, warnings } = placeFor(t, t.testdir({ [gone]: {} }))
    const kept = await trail({ retryMs: 1 })
    await add(kept, 'before')
    await wait(5)
    await rm(gone === 'file' ? path((await names())[0] as string) : folder, { recursive: true })
    t.notOk(await add(kept, 'gone with it'))
    await until(() => warnings.length === 1 && kept.works)
    t.ok(await add(kept, 'after'))
    t.strictSame(await read(), ['after'])
    t.match(warnings, [/was taken away/, /again/])
  }
})

t.test('two processes in one folder write files of their own', async (t) => {
  const { trail, read, names, openings, faults } = placeFor(t)
  const before = await trail()
  await add(before, 'a')
  const after = await trail({ node: 'node-1' })
  await Promise.all([add(before, 'b'), add(after, 'c')])
  await before.close()
  await add(after, 'd')
  t.strictSame(await names(), ['2026-03-02.0001.audit', '2026-03-02.0002.audit'])
  t.strictSame((await read()).toSorted(), ['a', 'b', 'c', 'd'])
  t.match((await openings())[1], { previous: { file: '2026-03-02.0001.audit', lines: 2 } })
  t.strictSame(await faults(), [])
})

t.test('a file that is cut at any byte: what is whole stays, and the file behind it says so', async (t) => {
  const { trail, names, path } = placeFor(t)
  const first = await trail()
  for (const id of ['a', 'b', 'ü']) await add(first, id)
  await first.close()
  const [name = ''] = await names()
  const bytes = await readFile(path(name))
  const isRecovered = async (length: number, lane: Lane): Promise<boolean> => {
    await writeFile(lane.path(name), bytes.subarray(0, length))
    const { lines, hash, whole } = wholeOf(bytes.subarray(0, length))
    lane.warnings.length = 0
    await (await lane.trail()).close()
    const { previous, tornBytes } = await lane.opening('2026-03-02.0002.audit')
    const found = { previous, tornBytes, warnings: lane.warnings.length, bytes: (await readFile(lane.path(name))).length, records: (await lane.read()).length }
    await rm(lane.path('2026-03-02.0002.audit'))
    const expected = { previous: { file: name, lines, hash }, tornBytes: length - whole, warnings: length === whole ? 0 : 1, bytes: length, records: Math.max(0, Math.min(3, lines - 1)) }
    return isDeepStrictEqual(found, expected) || t.strictSame(found, expected, `cut to ${length} bytes`)
  }
  // Most of the time is the disk's, where it is one.
  const memory = await mkdtemp('/dev/shm/varco-audit-').catch(() => t.testdir({}))
  t.teardown(async () => rm(memory, { recursive: true }))
  const lane = placeFor(t, memory)
  await mkdir(lane.folder)
  let recovered = 0
  for (let length = 0; length <= bytes.length; length++) if (await isRecovered(length, lane)) recovered++
  t.equal(recovered, bytes.length + 1)
})

type Lane = ReturnType<typeof placeFor>

function wholeOf (bytes: Buffer): { lines: number, hash: string, whole: number } {
  const whole = bytes.lastIndexOf(10) + 1
  const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1)
  return { lines: lines.length, hash: lines.length === 0 ? '' : readLine(lines.at(-1) as string)?.hash as string, whole }
}

t.test('zeros at the end, as the power leaves them, are no record', async (t) => {
  const { trail, names, path, openings, warnings } = placeFor(t)
  const first = await trail()
  await add(first, 'a')
  await first.close()
  const [name = ''] = await names()
  await truncate(path(name), (await stat(path(name))).size + 4096)
  await trail()
  t.match((await openings())[1], { previous: { file: name, lines: 3 }, tornBytes: 4096 })
  t.match(warnings, [/the last 4096 bytes/])
})

t.test('a key that is none is told, and nothing is kept until it is mended', async (t) => {
  const { trail, key, warnings } = placeFor(t)
  await writeFile(key, 'no key')
  const kept = await trail({ retryMs: 10 })
  t.notOk(kept.works)
  t.match(warnings, [/audit-key\.pem is no Ed25519 private key/])
  await rename(key, `${key}.broken`)
  await until(() => kept.works)
  t.ok(await add(kept, 'a'))
})

const endless = (folder: string): string => `
  import { AuditTrail } from ${JSON.stringify(new URL('audit-trail.ts', import.meta.url).href)}
  import { auditPlaceOf } from ${JSON.stringify(new URL('audit-place.ts', import.meta.url).href)}
  import { writeSync } from 'node:fs'
  const trail = await AuditTrail.open({ ...auditPlaceOf(${JSON.stringify(folder)}), node: 'n', now: Date.now, warn: () => undefined, head: () => undefined, headMs: 5 })
  let count = 0
  const one = (kind) => {
    const id = process.pid + '-' + count++ + '-' + kind
    trail.add(JSON.stringify({ v: 1, time: new Date().toISOString(), durationMs: 1, correlationId: id, padding: 'x'.repeat(count % 500) }), Date.now(), kind, (isKept) => { if (isKept) writeSync(1, id + '\\n'); setImmediate(one, kind) })
  }
  for (let index = 0; index < 10; index++) one(index % 3 ? 'written' : 'synced')
`

t.test('128: whatever a process was told is kept is there after it was killed', async (t) => {
  const state = t.testdir({})
  const { read, faults } = placeFor(t, state)
  const told: string[] = []
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', endless(state)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (out.length > 5000 * (round + 1)) child.kill('SIGKILL')
    })
    await once(child, 'close')
    told.push(...out.split('\n').slice(0, -1))
  }
  const there = new Set(await read())
  t.ok(told.length > 1000)
  t.strictSame(told.filter((id) => !there.has(id)), [])
  t.strictSame(await faults(), [])
})

t.test('130: a disk that is full tells so, and is used again when there is room', async (t) => {
  const state = t.testdir({})
  const disk = join(state, 'disk')
  await mkdir(disk)
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk])
  if (!isMounted) {
    t.pass('no small disk can be made here')
    return
  }
  try {
    const { trail, read, warnings } = placeFor(t, disk)
    const kept = await trail({ retryMs: 20 })
    const ids: string[] = []
    for (let index = 0; kept.works && index < 1000; index++) if (await add(kept, `${index} ${'x'.repeat(2000)}`)) ids.push(`${index}`)
    t.ok(ids.length > 100 && ids.length < 300, `${ids.length} fit`)
    t.notOk(await add(kept, 'refused', 'written'))
    await wait(50)
    t.notOk(kept.works, 'room for an opening is no room')
    const [oldest] = await auditFiles.list(join(disk, 'audit'))
    const before = await read()
    t.strictSame(before.map((id) => id.split(' ')[0]), ids)
    await rm(oldest?.path as string)
    await until(() => kept.works)
    t.ok(await add(kept, 'after'))
    t.strictSame(await read(), ['after'])
    t.match(warnings, [/ENOSPC/, /again/])
    await kept.close()
  } finally {
    await run('umount', ['-l', disk])
  }
})

async function run (command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { stdio: 'ignore' })
  return new Promise((resolve) => {
    child.on('error', () => { resolve(false) })
    child.on('close', (code) => { resolve(code === 0) })
  })
}

import { generateKeyPairSync, sign } from 'node:crypto'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { hashOf, lineOf, readLine } from './audit-line.ts'
import { keep, noon, openTestTrail } from './audit-fixture.ts'
import { openHeadSigner, readHeadKey } from './audit-heads.ts'
import type { HeadClaims } from './audit-line.ts'
import { verifyAudit } from './audit-verification.ts'
import type { Trusted, Verification } from './audit-verification.ts'

const first = '2026-03-02.0001.audit'
const second = '2026-03-02.0002.audit'
const third = '2026-03-02.0003.audit'

/**
 * Three files of one process that was started three times, made once for all tests. The first: 1 opening, 2 to 6 records, 7 head, 8 to 12 records, 13 closing head. The second: of a process that was killed,
 * 1 opening, 2 to 4 records. The third: 1 opening, 2 a record, 3 closing head.
 */
async function make (folder: string): Promise<{ readonly heads: readonly HeadClaims[] }> {
  const { trail, heads } = await openTestTrail(folder, { headMs: 60 })
  // All at once, and closed at once: no head comes between them.
  await Promise.all([1, 2, 3, 4, 5].map(async (n) => keep(trail, { n })))
  while (heads.length === 0) await new Promise((resolve) => { setTimeout(resolve, 5) })
  const kept = [6, 7, 8, 9, 10].map(async (n) => keep(trail, { n }))
  await trail.close()
  await Promise.all(kept)
  const killed = await openTestTrail(folder)
  for (let n = 11; n <= 13; n++) await keep(killed.trail, { n, text: 'line\u2028separator, lone \ud800 surrogate' })
  const there = await readFile(join(folder, 'audit', second))
  await killed.trail.close()
  await writeFile(join(folder, 'audit', second), there)
  const last = await openTestTrail(folder)
  await keep(last.trail, { n: 14 })
  await last.trail.close()
  return { heads: [...heads, ...last.heads] }
}

const made = t.testdir({ state: {} })
const { heads } = await make(join(made, 'state'))
const key = (await readHeadKey(join(made, 'state', 'audit-key.pem')))!
const usual: Trusted = { keys: [key], heads: [], mayBeGone: () => false }

/** A copy of those files in which something is changed. */
async function changed (t: Test, change: (folder: string) => Promise<unknown>, trusted: Partial<Trusted> = {}): Promise<Verification> {
  const folder = t.testdir({ audit: {} })
  await cp(join(made, 'state', 'audit'), join(folder, 'audit'), { recursive: true })
  await change(join(folder, 'audit'))
  return verifyAudit(join(folder, 'audit'), { ...usual, ...trusted })
}

async function editLines (path: string, edit: (lines: string[]) => readonly string[]): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1)
  await writeFile(path, edit(lines).map((line) => `${line}\n`).join(''))
}

/** Chains lines anew, as who has no key can. */
function chained (lines: readonly string[]): readonly string[] {
  let hash = ''
  return lines.map((line) => {
    const { text } = readLine(line)!
    hash = hashOf(hash, text)
    return lineOf(text, hash).slice(0, -1)
  })
}

const put = (lines: readonly string[], at: number, line: string): readonly string[] => lines.toSpliced(at - 1, 0, line)
const without = (lines: readonly string[], ...numbers: readonly number[]): string[] => lines.filter((_, index) => !numbers.includes(index + 1))
const edited = (lines: readonly string[], number: number): readonly string[] => lines.with(number - 1, lines[number - 1]!.replace('"n":', '"n":9'))
const swapped = (lines: readonly string[], one: number, other: number): readonly string[] => lines.with(one - 1, lines[other - 1]!).with(other - 1, lines[one - 1]!)

t.test('what was written is good, also of a process that was killed', async (t) => {
  t.strictSame(await changed(t, async () => undefined), { files: 3, lines: 20, heads: 3, faults: [], notes: [], testimonies: [] })
  t.strictSame(await changed(t, async () => undefined, { keys: undefined, heads }), { files: 3, lines: 20, heads: 3, faults: [], notes: [], testimonies: [] }, 'nor do heads that were logged say otherwise')
})

const tampering: Readonly<Record<string, readonly [file: string, edit: (lines: string[]) => readonly string[], fault: RegExp]>> = {
  'a record is edited': [first, (lines) => edited(lines, 4), /^2026-03-02\.0001\.audit, line 4: it was edited$/],
  'a record is edited behind the last head': [second, (lines) => edited(lines, 3), /0002\.audit, line 3: it was edited$/],
  'a record is deleted': [first, (lines) => without(lines, 4), /0001\.audit, line 4: a line was taken away here$/],
  'records are deleted': [first, (lines) => without(lines, 3, 4, 5), /0001\.audit, line 3: 3 lines were taken away here$/],
  'a record before the closing head is deleted': [first, (lines) => without(lines, 12), /0001\.audit, line 12: a line was taken away here$/],
  'a record of a killed process is deleted': [second, (lines) => without(lines, 2), /0002\.audit, line 2: a line was taken away here$/],
  'neighbours are reordered': [first, (lines) => swapped(lines, 4, 5), /0001\.audit, line 4: lines were reordered: line 5 belongs here, and this one behind line 5$/],
  'records far from each other are reordered': [first, (lines) => swapped(lines, 3, 10), /0001\.audit, line 3: lines were reordered: line 10 belongs here, and this one behind line 10|0001\.audit, line 3: lines were reordered/],
  'a record is put in that was written elsewhere': [first, (lines) => put(lines, 5, lines[8]!), /0001\.audit, line 5: a line was put in here: line 6 is the next one|0001\.audit, line 5: lines were reordered/],
  'a record is put in that was never written': [first, (lines) => put(lines, 5, lineOf('{"v":1,"n":99}', 'x'.repeat(43)).slice(0, -1)), /0001\.audit, line 5: a line was put in here: line 6 is the next one$/],
  'a line is overwritten': [second, (lines) => lines.with(3, 'x'.repeat(lines[3]!.length)), /0002\.audit, line 4: it is no line that was written: it was overwritten$/],
  'the opening is deleted': [first, (lines) => without(lines, 1), /0001\.audit, line 1: a line was taken away here$/],
  'the end is deleted': [first, (lines) => lines.slice(0, 9), /0001\.audit, line 9: it ends here, and 2026-03-02\.0002\.audit knows of 13 lines: its end was taken away$/],
  'everything is deleted': [first, () => [], /0001\.audit, line 0: it ends here, and 2026-03-02\.0002\.audit knows of 13 lines/],
  'the end of a killed process is deleted': [second, (lines) => lines.slice(0, 3), /0002\.audit, line 3: it ends here, and 2026-03-02\.0003\.audit knows of 4 lines/],
  'a record is edited and all behind it chained anew': [first, (lines) => chained(edited(lines, 4)), /0001\.audit, line 7: a signed head that says something else than the lines before it: they were written anew$/],
  'that is done without the heads': [first, (lines) => chained(without(edited(lines, 4).slice(), 7, 13)), /0001\.audit, line 11: it ends here, and 2026-03-02\.0002\.audit knows of 13 lines/],
  'a record is put behind the closing head and chained': [first, (lines) => chained([...lines, lines[3]!]), /0001\.audit, line 14: it stands behind the closing head, behind which nothing was written$/],
  'a record is put behind the end of a killed process and chained': [second, (lines) => chained([...lines, lines[1]!]), /0002\.audit, line 5: it stands behind line 4, with which the file ended as 2026-03-02\.0003\.audit knows$/],
  'that is done to a file of a killed process': [second, (lines) => chained(edited(lines, 3)), /0002\.audit, line 4: it is another one than 2026-03-02\.0003\.audit knows of: the file was written anew$/]
}

for (const [what, [file, edit, fault]] of Object.entries(tampering)) {
  t.test(`120: ${what}: that is told, and where`, async (t) => {
    const { faults } = await changed(t, async (folder) => editLines(join(folder, file), edit))
    t.match(faults[0], fault)
    t.ok(faults.every((one) => one.startsWith(file)), faults.join('\n'))
  })
}

t.test('120: files that are swapped, renamed, or taken away', async (t) => {
  const swap = await changed(t, async (folder) => {
    await rename(join(folder, first), join(folder, 'x'))
    await rename(join(folder, second), join(folder, first))
    await rename(join(folder, 'x'), join(folder, second))
  })
  t.match(swap.faults.join('\n'), /0001\.audit, line 1: the file was begun as 2026-03-02\.0002\.audit[^]*0002\.audit, line 1: the file was begun as 2026-03-02\.0001\.audit/)
  t.match((await changed(t, async (folder) => rename(join(folder, first), join(folder, '2026-03-01.0001.audit')))).faults.join('\n'), /2026-03-01\.0001\.audit, line 1: the file was begun as[^]*0001\.audit: it is missing, and 2026-03-02\.0002\.audit knows of it/)
  t.strictSame((await changed(t, async (folder) => rm(join(folder, second)))).faults, [`${second}: it is missing, and ${third} knows of it`])
  t.match(await changed(t, async (folder) => rm(join(folder, first)), { mayBeGone: () => true }), { faults: [], notes: [/0001\.audit: it is not there any more/] })
})

t.test('120: what is taken from the very end shows by the heads that were logged', async (t) => {
  const cut = async (folder: string): Promise<void> => editLines(join(folder, third), (lines) => lines.slice(0, 1))
  t.match(await changed(t, cut), { faults: [], notes: [/0003\.audit: it has no closing head/] })
  t.match((await changed(t, cut, { heads })).faults, [/0003\.audit, line 1: it ends here, and a head that was logged knows of 2 lines: its end was taken away/])
  t.match((await changed(t, async (folder) => rm(join(folder, third)), { heads })).faults, [`${third}: it is missing, and a head that was logged knows of it`])
})

t.test('120: an end that nothing vouches for is told, also one behind a head of its time', async (t) => {
  const cut = async (folder: string): Promise<void> => {
    for (const file of [second, third]) await rm(join(folder, file))
    await editLines(join(folder, first), (lines) => lines.slice(0, 7))
  }
  t.match(await changed(t, cut), { lines: 7, heads: 1, faults: [], notes: [/0001\.audit: it has no closing head/] })
})

t.test('120: who writes files anew needs the key', async (t) => {
  const others = await openHeadSigner(join(t.testdir({ other: {} }), 'other', 'key.pem'))
  const forge = async (folder: string): Promise<void> => editLines(join(folder, third), (lines) => {
    const opening = { ...JSON.parse(readLine(lines[0]!)!.text), jwk: others.jwk }
    return chained([lineOf(JSON.stringify(opening), 'x'.repeat(43)).slice(0, -1), ...edited(lines, 2).slice(1, 2)])
  })
  t.match((await changed(t, forge)).faults, [/0003\.audit, line 1: its heads are signed with the key [\w-]{43}, which is not trusted here \(--key\)/])
  for (const jwk of [{}, { kty: 'OKP', crv: 'Ed25519', x: '!' }, { kty: 'oct', k: 'x' }]) {
    const hostile = await changed(t, async (folder) => editLines(join(folder, third), (lines) => chained([lineOf(JSON.stringify({ ...JSON.parse(readLine(lines[0]!)!.text), jwk }), 'x'.repeat(43)).slice(0, -1), ...lines.slice(1)])), { keys: undefined })
    t.match(hostile.faults, [/0003\.audit, line 3: a signed head/])
  }
  // Signed by somebody else in the name of the key, and right in all it says.
  const impostor = await changed(t, async (folder) => editLines(join(folder, third), (lines) => {
    const [header = '', payload = ''] = (JSON.parse(readLine(lines[2]!)!.text) as { jws: string }).jws.split('.')
    const signature = sign(null, Buffer.from(`${header}.${payload}`), generateKeyPairSync('ed25519').privateKey).toString('base64url')
    return chained([...lines.slice(0, 2), lineOf(JSON.stringify({ kind: 'head', jws: `${header}.${payload}.${signature}` }), 'x'.repeat(43)).slice(0, -1)])
  }))
  t.match(impostor.faults, [/0003\.audit, line 3: a signed head: its signature is not good/])
  const bad = await changed(t, async (folder) => editLines(join(folder, third), (lines) => chained([...lines.slice(0, 2), lineOf('{"kind":"head","jws":"eyJhbGciOiJub25lIn0.e30."}', 'x'.repeat(43)).slice(0, -1)])))
  t.match(bad.faults, [/0003\.audit, line 3: a signed head: its signature cannot be read/])
})

t.test('a file that is cut at any byte: what is whole is good, and the rest is told', async (t) => {
  const folder = t.testdir({ audit: {} })
  const bytes = await readFile(join(made, 'state', 'audit', third))
  const path = join(folder, 'audit', third)
  let [good, whole] = [0, 0]
  for (let length = 0; length < bytes.length; length++) {
    if (bytes[length - 1] === 10) whole++
    await writeFile(path, bytes.subarray(0, length))
    const { lines, faults, notes } = await verifyAudit(join(folder, 'audit'), { ...usual, mayBeGone: () => true })
    const isTorn = length > 0 && bytes[length - 1] !== 10
    if (lines === whole && faults.length === 0 && notes.some((note) => note.includes('not whole')) === isTorn) good++
    else t.fail(`cut to ${length} bytes: ${lines} lines, ${[...faults, ...notes].join('; ')}`)
  }
  t.equal(good, bytes.length)
})

t.test('a long file is verified in little memory', async (t) => {
  const folder = t.testdir({ audit: {} })
  await mkdir(join(folder, 'audit'), { recursive: true })
  const { trail } = await openTestTrail(folder)
  const text = JSON.stringify({ v: 1, text: 'x'.repeat(1000) })
  const count = 40_000
  for (let n = 0; n < count; n += 2000) await Promise.all(Array.from({ length: 2000 }, async () => new Promise((resolve) => { trail.add(text, noon, 'written', resolve) })))
  await trail.close()
  const before = process.memoryUsage.rss()
  t.match(await verifyAudit(join(folder, 'audit'), { ...usual, keys: undefined }), { lines: count + 2, heads: 1, faults: [] })
  t.ok(process.memoryUsage.rss() - before < 100 * 1024 * 1024, `${Math.round((process.memoryUsage.rss() - before) / 1024 / 1024)} MiB more`)
})

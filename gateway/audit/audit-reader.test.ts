import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hashOf, lineOf, noHash, readLine } from './audit-line.ts'
import { listDays, readRecords } from './audit-reader.ts'
import { maxLineBytes, readLines } from './line-reader.ts'

function linesOf (texts: readonly string[]): string {
  let hash = noHash
  return texts.map((text) => lineOf(text, hash = hashOf(hash, text))).join('')
}

async function read (folder: string, days?: ReadonlySet<string>): Promise<{ correlationIds: unknown[], unreadable: string[] }> {
  const [correlationIds, unreadable]: [unknown[], string[]] = [[], []]
  for await (const records of readRecords(folder, days, (file, line) => { unreadable.push(`${file}:${line}`) })) correlationIds.push(...records.map((record) => record.correlationId))
  return { correlationIds, unreadable }
}

const record = (id: string, more: object = {}): string => JSON.stringify({ v: 1, time: '2026-03-02T10:00:00.000Z', durationMs: 1, kind: 'pdnd', correlationId: id, ...more })
const opening = '{"kind":"opening","v":1}'

t.test('a line holds its text and a hash, whatever the text is', async (t) => {
  for (const text of ['{"a":1}', JSON.stringify({ a: '\u2028\u2029\ud800"},"hash":"' }), '{"a":"\u2028\ud800"}']) {
    const hash = hashOf('before', text)
    t.strictSame(readLine(lineOf(text, hash).slice(0, -1)), { text, hash })
  }
  for (const broken of ['', '{}', '{"a":1}', '{"a":1,"hash":"short"}', lineOf('{"a":1}', 'x'.repeat(43)).slice(0, -2)]) t.equal(readLine(broken), undefined, broken)
})

t.test('records come in the order of the files, without what else is in them', async (t) => {
  const folder = t.testdir({
    '2026-03-02.0002.audit': linesOf([opening, record('c')]),
    '2026-03-02.0001.audit': linesOf([opening, record('a'), '{"kind":"head","jws":"x"}', record('b')]),
    '2026-03-03.0001.audit': linesOf([opening, record('d')]),
    '2026-03-02.0001.evidence': 'x',
    'others.audit': 'x'
  })
  t.strictSame(await read(folder), { correlationIds: ['a', 'b', 'c', 'd'], unreadable: [] })
  t.strictSame(await read(folder, new Set(['2026-03-03'])), { correlationIds: ['d'], unreadable: [] })
  t.strictSame(await listDays(folder), ['2026-03-02', '2026-03-03'])
  t.strictSame(await listDays(join(folder, 'none')), [])
  t.strictSame(await read(join(folder, 'none')), { correlationIds: [], unreadable: [] })
})

t.test('a line that is not whole is left out; one that is no record is told of, and those behind it are read', async (t) => {
  const folder = t.testdir({ '2026-03-02.0001.audit': linesOf([opening, record('a')]), '2026-03-02.0002.audit': linesOf([record('b')]) })
  const path = join(folder, '2026-03-02.0001.audit')
  appendFileSync(path, `garbage\n${linesOf(['{"v":', record('when', { time: '2026-19-02T10:00:00.000Z' }), record('how long', { durationMs: 'x' })])}${linesOf([record('c')])}${linesOf([record('torn')]).slice(0, -1)}`)
  t.strictSame(await read(folder), { correlationIds: ['a', 'c', 'b'], unreadable: [3, 4, 5, 6].map((line) => `2026-03-02.0001.audit:${line}`) })
})

t.test('lines longer than what is read at once, and lines with whatever a text may hold, come whole', async (t) => {
  const ids = [`long ${'ä'.repeat(400_000)}`, 'line\u2028separator\u2029', 'lone \ud800 surrogate', 'nul \0', '\u{1f600}']
  const folder = t.testdir({})
  writeFileSync(join(folder, '2026-03-02.0001.audit'), linesOf([opening, ...ids.map((id) => record(id))]))
  t.strictSame(await read(folder), { correlationIds: ids, unreadable: [] })
})

t.test('a file without ends of lines is not taken into memory', async (t) => {
  const folder = t.testdir({})
  const path = join(folder, '2026-03-02.0001.audit')
  writeFileSync(path, linesOf([opening, record('a')]))
  truncateSync(path, 4 * maxLineBytes)
  t.strictSame(await read(folder), { correlationIds: ['a'], unreadable: [] })
  appendFileSync(path, `x\n${linesOf([record('b')])}`)
  t.strictSame(await read(folder), { correlationIds: ['a'], unreadable: ['2026-03-02.0001.audit:3'] }, 'and what it hides is told of')
  truncateSync(path, 4 * maxLineBytes)
  const lines = readLines(path)
  for (let next = await lines.next(); ; next = await lines.next()) {
    if (!next.done) continue
    t.strictSame(next.value, { bytes: 4 * maxLineBytes - Buffer.byteLength(linesOf([opening, record('a')])), inZeros: true })
    break
  }
})

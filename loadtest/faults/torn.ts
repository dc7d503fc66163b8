import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keep, openTestTrail } from '../../gateway/audit/audit-fixture.ts'
import { auditPlaceOf } from '../../gateway/audit/audit-place.ts'
import { auditFiles, readRecords } from '../../gateway/audit/audit-reader.ts'
import { verifyAudit } from '../../gateway/audit/audit-verification.ts'
import { whole } from '../report/numbers.ts'
import type { Figure, Measured, Run } from './figure.ts'

/** A file of records as a process left it: its name, its bytes, and the key that signed it. */
interface Left { readonly name: string, readonly bytes: Buffer, readonly key: Buffer }

const records = 4
const next = { correlationId: 'next' }

async function measure (run: Run): Promise<Measured> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'varco-torn-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true }))
  const left = await leave(join(folder, 'whole'))
  let [cases, recovered] = [0, 0]
  for (let length = 0; length <= left.bytes.length; length += run.quick ? 61 : 1) {
    run.signal.throwIfAborted()
    const own = join(folder, `${length}`)
    if (await isRecovered(own, left, length)) recovered++
    await rm(own, { recursive: true })
    if (++cases % 1000 === 0) run.tell(`${whole(cases)} of ${whole(left.bytes.length + 1)} bytes`)
  }
  return {
    promised: 'an audit file that broke off at any byte is taken up again: every whole record is there, the next one is kept, and the chain holds',
    measured: `${whole(recovered)} of ${whole(cases)} broken files were`,
    kept: recovered === cases,
    numbers: { cases, recovered },
    unexpected: []
  }
}

/** What a process leaves behind that kept some records. */
async function leave (own: string): Promise<Left> {
  const { trail } = await openTestTrail(own)
  for (let number = 0; number < records; number++) await keep(trail, { correlationId: `${number}`, operation: 'e\u0300\u2028' })
  await trail.close()
  const place = auditPlaceOf(own)
  const [file] = await auditFiles.list(place.folder)
  if (!file) throw new Error('nothing was kept')
  return { name: file.name, bytes: await readFile(file.path), key: await readFile(place.key) }
}

/** Whether a process that finds so many bytes of the file keeps on, and loses nothing that was whole. */
async function isRecovered (own: string, { name, bytes, key }: Left, length: number): Promise<boolean> {
  const place = auditPlaceOf(own)
  await mkdir(place.folder, { recursive: true, mode: 0o700 })
  await writeFile(place.key, key, { mode: 0o600 })
  const found = bytes.subarray(0, length)
  await writeFile(join(place.folder, name), found)
  const { trail } = await openTestTrail(own)
  const isKept = await keep(trail, next)
  await trail.close()
  const expected = [...found.toString().split('\n').slice(0, -1).filter((line) => line.includes('"correlationId"')).map((_line, index) => `${index}`), next.correlationId]
  const { faults } = await verifyAudit(place.folder, { keys: undefined, heads: [], mayBeGone: () => false })
  const there = (await Array.fromAsync(readRecords(place.folder))).flat().map(({ correlationId }) => correlationId)
  return isKept && faults.length === 0 && there.join() === expected.join()
}

export const torn: Figure = {
  name: 'torn',
  promise: 'a process that was killed while it wrote leaves nothing behind that stops the next one, or that hides a record',
  method: `an audit file of ${records} records is cut off at every one of its bytes; each time another trail is opened on it, keeps a record, and what is there is read and verified`,
  measure
}

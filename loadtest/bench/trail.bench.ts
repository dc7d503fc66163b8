import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditPlaceOf } from '../../gateway/audit/audit-place.ts'
import { AuditTrail } from '../../gateway/audit/audit-trail.ts'
import type { OpenFile } from '../../gateway/audit/audit-file.ts'
import type { Exchange } from '../../gateway/exchange.ts'
import { toRecord } from '../../gateway/records/to-record.ts'
import { admitted } from './policies.bench.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

/** Takes everything at once: what system calls take is the disk's. */
const forgetful = (async () => ({
  write: async (_bytes: Buffer, _offset: number, length: number) => ({ bytesWritten: length }),
  datasync: async () => undefined,
  stat: async () => ({ nlink: 1 }),
  close: async () => undefined
})) as unknown as OpenFile

/** Step 8: the record of a call becomes a line of the audit files, alone or with others that come at the same time. */
export async function trailStages (world: World, stack: AsyncDisposableStack): Promise<readonly Stage[]> {
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'varco-bench-')), async (path) => rm(path, { recursive: true }))
  const trail = stack.adopt(await AuditTrail.open({ ...auditPlaceOf(folder), node: 'n', now: () => world.now, warn: () => undefined, head: () => undefined, openFile: forgetful }), async (open) => open.close())
  const exchange = await admitted(world)
  return [1, 10, 50].map((records) => trailStage(trail, exchange, world.now, records))
}

function trailStage (trail: AuditTrail, exchange: Exchange, now: number, records: number): Stage {
  const text = JSON.stringify(toRecord(exchange, 200, now + 3, 'n'))
  const add = (told: (kept: number) => void): void => {
    let [kept, left] = [0, records]
    for (let index = 0; index < records; index++) {
      trail.add(text, now, 'written', (isKept) => {
        if (isKept) kept++
        if (--left === 0) told(kept)
      })
    }
  }
  return {
    name: `audit lines, ${records} at once`,
    ofCall: false,
    run: async () => new Promise<number>((resolve) => { add(resolve) }),
    isRight: (kept) => kept === records
  }
}

import type { SignedHead } from './audit-file.ts'
import { auditPlaceOf } from './audit-place.ts'
import { AuditTrail } from './audit-trail.ts'
import type { TrailOptions } from './trail-options.ts'

/** Noon in Rome of the day on which calls of the tests are made. */
export const noon = Date.parse('2026-03-02T11:00:00Z')

/** A trail in the folder of a process, of which nobody warns, and the heads that it logs. Used by tests and by loadtest/ only. */
export async function openTestTrail (ownFolder: string, options: Partial<TrailOptions> = {}): Promise<{ readonly trail: AuditTrail, readonly heads: SignedHead[] }> {
  const heads: SignedHead[] = []
  const trail = await AuditTrail.open({ ...auditPlaceOf(ownFolder), node: 'node-1', now: () => noon, warn: () => undefined, head: (head) => { heads.push(head) }, ...options })
  return { trail, heads }
}

/** Keeps a record with what is given, and returns when it is. */
export async function keep (trail: AuditTrail, record: object, endedAt = noon): Promise<boolean> {
  return new Promise((resolve) => { trail.add(JSON.stringify({ v: 1, time: new Date(endedAt).toISOString(), durationMs: 0, ...record }), endedAt, 'synced', resolve) })
}

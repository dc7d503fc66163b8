import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of evidence: what one process kept of one e-service on one day (Europe/Rome), or a part of it. */
export interface Segment { readonly name: string, readonly path: string, readonly day: string, readonly number: number }

const form = /^(\d{4}-\d{2}-\d{2})\.(\d{4,})\.evidence$/
const dayMs = 86_400_000

/** The segment of a day with a number; numbers of a day begin with 1. */
export function segmentOf (folder: string, day: string, number: number): Segment {
  const name = `${day}.${String(number).padStart(4, '0')}.evidence`
  return { name, path: join(folder, name), day, number }
}

/** The segments of a folder in the order in which they were begun; none when there is no folder yet. */
export async function listSegments (folder: string): Promise<readonly Segment[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const segments = names.flatMap((name) => {
    const [, day, number] = form.exec(name) ?? []
    return day === undefined ? [] : [segmentOf(folder, day, Number(number))]
  })
  return segments.toSorted((left, right) => left.day === right.day ? left.number - right.number : left.day < right.day ? -1 : 1)
}

/** True once everything that was kept on a day has been kept for so many days. A day in Rome is over before the day of that date in UTC. */
export function isExpired (day: string, retentionDays: number, now: number): boolean {
  return now >= Date.parse(`${day}T00:00:00Z`) + (retentionDays + 1) * dayMs
}

/** Takes away the segments whose time is over and gives their names; another process may do the same at the same time. */
export async function removeExpired (folder: string, retentionDays: number, now: number): Promise<readonly string[]> {
  const expired = (await listSegments(folder)).filter(({ day }) => isExpired(day, retentionDays, now))
  await Promise.all(expired.map(async ({ path }) => rm(path, { force: true })))
  return expired.map(({ name }) => name)
}

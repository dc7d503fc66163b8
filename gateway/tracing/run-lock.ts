import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { tracingFolder } from './tracing-days.ts'

/** What SQLite says when another connection holds the lock (SQLITE_BUSY). */
const busy = 5

/**
 * Does some work that one process alone may do with a state folder; undefined when another one is at it. The lock is the kernel's, on a file that stays empty: it ends with the process that holds it, however that
 * ends, and nothing that is written says who holds it. (SQLite is how Node gets at such a lock, on every system.)
 */
export async function runAlone<T> (state: string, work: () => Promise<T>): Promise<T | undefined> {
  const folder = tracingFolder(state)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  using lock = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  return isTaken(lock) ? await work() : undefined
}

function isTaken (lock: DatabaseSync): boolean {
  try {
    // In memory, so that no journal lies beside the file.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if ((error as { readonly errcode?: number }).errcode === busy) return false
    throw error
  }
}

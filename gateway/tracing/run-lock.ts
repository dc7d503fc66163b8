import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { tracingFolder } from './tracing-days.ts'

/** What SQLite says when another connection holds the lock (SQLITE_BUSY). */
const busy = 5

/**
 * Does some work that one process alone may do with a state folder; undefined when another one is at it. The lock is the kernel's, on a file that stays empty: it ends with the process that holds it, however that
 * ends, and nothing that is written says who holds it. (SQLite is how Node gets at such a lock, on every system.) Throws a sentence when nobody can tell who is at it.
 */
export async function runAlone<T> (state: string, work: () => Promise<T>): Promise<T | undefined> {
  const folder = tracingFolder(state)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  using lock = take(join(folder, 'lock'))
  return lock && await work()
}

function take (path: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(path, { timeout: 0 })
    // In memory, so that no journal lies beside the file. Something is changed, and never kept: of a file that may only be read SQLite takes a lock that others can have too, and says nothing.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 0')
    return lock
  } catch (error) {
    lock?.close()
    const { errcode, message } = error as { readonly errcode?: number, readonly message: string }
    if (errcode === busy) return undefined
    throw new Error(`the file ${path} cannot be locked (${message}): it has to be an empty file of the user that runs the gateway`, { cause: error })
  }
}

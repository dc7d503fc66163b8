import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tracingFolder } from './tracing-days.ts'

/** Whoever is at it for longer is gone, whatever process has its number now, in ms. */
const longestRunMs = 6 * 60 * 60 * 1000

/** Does some work that one process alone may do with a state folder; undefined when another one is at it. A process that is gone keeps nobody away. */
export async function runAlone<T> (state: string, work: () => Promise<T>): Promise<T | undefined> {
  const folder = tracingFolder(state)
  const path = join(folder, 'running')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (!await take(path)) {
    if (await isHeld(path)) return undefined
    await rm(path, { force: true })
    if (!await take(path)) return undefined
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

/** Linked and not written: whoever finds it finds the number in it. */
async function take (path: string): Promise<boolean> {
  const own = `${path}.${process.pid}`
  await writeFile(own, String(process.pid), { mode: 0o600 })
  try {
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(own, { force: true })
  }
}

async function isHeld (path: string): Promise<boolean> {
  const held = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => undefined)
  if (!held) return false
  const [pid, { mtimeMs }] = [Number(held[0]), held[1]]
  // The time of the file system, and not that of days: a run is a matter of processes.
  if (!(pid > 0) || Date.now() - mtimeMs > longestRunMs) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

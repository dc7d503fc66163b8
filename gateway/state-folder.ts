import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Makes the folder for what must outlive the process (0700), or takes the one that is there. Throws a sentence when others can use it:
 * whoever can write there could have keys trusted.
 */
export async function openStateFolder (path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`the state folder ${path} cannot be made (${error.code ?? 'unknown error'}): name another one as state in the configuration`)
  })
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) {
    throw new Error(`the state folder ${path} is open to other users: run chmod 700 ${path}, or name another one as state in the configuration`)
  }
}

/** The folder, in the state folder, of what one process alone may write: `worker` is its number among the processes that share the state folder, undefined when it is alone. */
export function ownFolder (state: string, worker: number | undefined): string {
  return worker === undefined ? state : join(state, `worker-${worker}`)
}

/** Every such folder that is there, whether its process runs or not: that of a process alone, then those of workers by their numbers. Throws what the file system throws. */
export async function ownFolders (state: string): Promise<readonly string[]> {
  const names = await readdir(state).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const workers = names.flatMap((name) => /^worker-[1-9]\d{0,5}$/.test(name) ? [Number(name.slice('worker-'.length))] : [])
  return [undefined, ...workers.toSorted((left, right) => left - right)].map((worker) => ownFolder(state, worker))
}

import { mkdir, stat } from 'node:fs/promises'

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

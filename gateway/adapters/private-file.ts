import { open } from 'node:fs/promises'

const root = 0
/** No key file is longer; in bytes. */
const maxBytes = 64 * 1024

/** Reads a file with a private key as a user (by number). Gives what is wrong with it where others than its owner can use it, or it is too long. Throws what the file system throws. */
export async function readPrivateFile (path: string, user = process.geteuid?.() ?? root): Promise<Buffer | { readonly fault: string }> {
  const file = await open(path)
  try {
    const { mode, size, uid } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) return { fault: `is open to other users${howToMend(path, uid, user)}` }
    return size > maxBytes ? { fault: 'is too long for a key' } : await file.readFile()
  } finally {
    await file.close()
  }
}

/** Who reads it by its group, as keys of root's are by `ssl-cert` on Debian, could not once it was for its owner alone. */
function howToMend (path: string, owner: number, user: number): string {
  return user === owner || user === root ? `: run chmod 600 ${path}` : `, and does not belong to user ${user}, who reads it: run chown ${user} ${path} && chmod 600 ${path}, or name a copy that does`
}

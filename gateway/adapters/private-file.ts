import { open } from 'node:fs/promises'

/** No key file is longer; in bytes. */
const maxBytes = 64 * 1024

/** Reads a file with a private key. Gives what is wrong with it where others than its owner can use it, or it is too long. Throws what the file system throws. */
export async function readPrivateFile (path: string): Promise<Buffer | { readonly fault: string }> {
  const file = await open(path)
  try {
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) return { fault: `is open to other users: run chmod 600 ${path}` }
    return size > maxBytes ? { fault: 'is too long for a key' } : await file.readFile()
  } finally {
    await file.close()
  }
}

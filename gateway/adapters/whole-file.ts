import { randomUUID } from 'node:crypto'
import { link, open, unlink } from 'node:fs/promises'

/** Makes a file (0600) that appears whole or not at all, and leaves one that is already there: a link, unlike a rename, never replaces another's. Throws what the file system throws. */
export async function createWholeFile (path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
    await link(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await file.close()
    await unlink(temporary)
  }
}

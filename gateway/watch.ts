import { stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** How often files are looked at, in ms. What is put live has been the same for as long: nobody is still writing it. */
const lookMs = 500

/**
 * Calls `changed` when one of the files is another than before, until `stopped`. Files are looked at by name, so that one that is replaced, or to which
 * a symbolic link leads elsewhere, counts as changed whatever the file system tells of it.
 */
export async function watchFiles (files: () => readonly string[], changed: () => Promise<unknown>, stopped: AbortSignal, everyMs = lookMs): Promise<void> {
  let known = await stampOf(files())
  let last = known
  while (!stopped.aborted) {
    await wait(everyMs, undefined, { signal: stopped, ref: false }).catch(() => undefined)
    const now = await stampOf(files())
    if (now !== known && now === last && !stopped.aborted) {
      await changed()
      // What is live now may be made of other files.
      known = await stampOf(files())
    }
    last = now
  }
}

async function stampOf (files: readonly string[]): Promise<string> {
  const stamps = await Promise.all([...new Set(files)].toSorted().map(async (file) => {
    const found = await stat(file).catch(() => undefined)
    return found ? `${file} ${found.ino} ${found.size} ${found.mtimeMs}` : `${file} is missing`
  }))
  return stamps.join('\n')
}

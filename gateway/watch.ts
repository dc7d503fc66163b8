import { stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'

/** How often files are looked at, in ms. What is put live has been the same for as long: nobody is still writing it. */
const lookMs = 500

/**
 * Calls `changed` when one of the files is another than before, until `stopped`. Files are looked at by name, so that one that is replaced, or to which
 * a symbolic link leads elsewhere, counts as changed whatever the file system tells of it.
 */
export async function watchFiles (files: () => readonly string[], changed: () => Promise<unknown>, stopped: AbortSignal, everyMs = lookMs): Promise<void> {
  let known = await stampsOf(files())
  let last = known
  while (!stopped.aborted) {
    await wait(everyMs, undefined, { signal: stopped, ref: false }).catch(() => undefined)
    const now = await stampsOf(files())
    if (!isDeepStrictEqual(now, known) && isDeepStrictEqual(now, last) && !stopped.aborted) {
      await changed()
      // What is live now may be made of other files; what changed in these while they were read may have been read as it was before.
      known = new Map([...await stampsOf(files())].map(([file, stamp]) => [file, now.get(file) ?? stamp]))
    }
    last = now
  }
}

async function stampsOf (files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  return new Map(await Promise.all(files.map(async (file) => {
    const found = await stat(file).catch(() => undefined)
    return [file, found ? `${found.ino} ${found.size} ${found.mtimeMs}` : 'missing'] as const
  })))
}

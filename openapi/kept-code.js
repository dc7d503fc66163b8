// Keeps compiled code for the next start: loaded before a program (`node --import`), because what is loaded sooner is compiled anew each time. JavaScript, because loading
// TypeScript that was not kept takes more time than all of this. Without a folder that can be trusted nothing is kept, and starts take longer.
import { mkdirSync, statSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'

/** Beside the code that it is made of: whoever can write here can change that as well. */
const folder = join(import.meta.dirname, '../.varco/compile-cache')

/** Code from this folder is run: true only where nobody but this user and root can have put it there. */
function isOwn (path) {
  if (process.getuid === undefined) return true
  const { uid, mode } = statSync(path)
  return uid === process.getuid() && (mode & 0o022) === 0
}

try {
  // Where the environment names a folder Node keeps code there by itself.
  if (module.getCompileCacheDir() === undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (isOwn(join(folder, '..')) && isOwn(folder) && module.enableCompileCache(folder).status !== module.constants.compileCacheStatus.FAILED) {
      // For the threads and programs that this one starts.
      process.env['NODE_COMPILE_CACHE'] ??= folder
    }
  }
} catch { /* a folder that is not there, and cannot be made */ }

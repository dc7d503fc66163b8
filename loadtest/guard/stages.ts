import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Timed } from '../bench/timing.ts'

/**
 * Times the stages in a process of its own (npm run bench), as nothing else has warmed it; or gives the sentence of a stage that does not do what it should. On a
 * machine that hardly lets it run it may not get ready in time: then it is tried once more. Throws when it cannot be done.
 */
export async function timeStages (signal: AbortSignal, isLast = false): Promise<readonly Timed[] | string> {
  // Whatever compiles and collects is then done by the thread that is timed, whoever else uses the cores.
  const child = spawn(process.execPath, ['--single-threaded', join(import.meta.dirname, '../bench/main.ts'), '--json'], { stdio: ['ignore', 'pipe', 'pipe'], signal })
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number | null]>])
  if (code === 0) return JSON.parse(output) as Timed[]
  const fault = /^the stage .*$/m.exec(errors)?.[0]
  if (fault !== undefined) return fault
  if (isLast) throw new Error(`the stages cannot be timed: ${errors.trim()}`)
  return timeStages(signal, true)
}

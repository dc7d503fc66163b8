import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { Profiler } from 'node:inspector'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { preloading } from '../preload.ts'
import type { TargetKind } from '../target.ts'
import { asked, profileOf, recordingOf, variable } from './recorder.ts'

const patienceMs = 20_000

/** A target of Node programs that are profiled in one round, the warm-up being round 0; `keep` gets the profiles of its processes. Their start and other rounds are not in them. */
export function profiled (kind: TargetKind, round: number, keep: (profiles: readonly Profiler.Profile[]) => void): TargetKind {
  return {
    ...kind,
    start: async (ground) => {
      const folder = join(ground.folder, 'profile')
      await mkdir(folder)
      const target = await kind.start({ ...ground, env: preloading('profile/recorder.ts', { [variable]: folder }) })
      const all = async (nameOf: (pid: number) => string): Promise<void> => waitForFiles(target.pids.map((pid) => join(folder, nameOf(pid))), ground.signal)
      let rounds = 0
      return {
        ...target,
        before: async () => {
          await target.before?.()
          if (rounds !== round) return
          await writeFile(join(folder, asked), '')
          await all(recordingOf)
        },
        after: async () => {
          if (rounds++ === round) {
            await rm(join(folder, asked))
            await all(profileOf)
            keep(await Promise.all(target.pids.map(async (pid) => JSON.parse(await readFile(join(folder, profileOf(pid)), 'utf8')) as Profiler.Profile)))
          }
          await target.after?.()
        }
      }
    }
  }
}

async function waitForFiles (files: readonly string[], signal: AbortSignal): Promise<void> {
  const until = performance.now() + patienceMs
  while (!files.every((file) => existsSync(file))) {
    if (performance.now() > until) throw new Error(`a process that is to be profiled says nothing for ${patienceMs / 1000} s`)
    await wait(20, undefined, { signal })
  }
}

import { existsSync, renameSync, watch, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'

/** The variable with the folder over which a recorder is spoken to: it records while there is a file `asked`, says so with a file of its process, and then leaves the profile there. */
export const variable = 'PROFILE_FOLDER'
export const asked = 'asked'
export const recordingOf = (pid: number): string => `${pid}.recording`
export const profileOf = (pid: number): string => `${pid}.cpuprofile`

// What V8 makes fast while nobody looks does not say later which functions were merged into one: somebody looks from the beginning, though hardly ever.
const [seldomMicros, oftenMicros] = [100_000, 500]

const folder = process.env[variable]
if (folder !== undefined && isMainThread) await record(folder)

async function record (folder: string): Promise<void> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  const start = async (interval: number): Promise<void> => {
    await session.post('Profiler.setSamplingInterval', { interval })
    await session.post('Profiler.start')
  }
  const leave = (name: string, content: string): void => {
    // Whoever sees it may read it at once.
    writeFileSync(join(folder, `${name}.part`), content)
    renameSync(join(folder, `${name}.part`), join(folder, name))
  }
  let often = false
  const follow = async (): Promise<void> => {
    if (existsSync(join(folder, asked)) === often) return
    often = !often
    const { profile } = await session.post('Profiler.stop')
    await start(often ? oftenMicros : seldomMicros)
    if (often) leave(recordingOf(process.pid), '')
    else leave(profileOf(process.pid), JSON.stringify(profile))
  }
  await start(seldomMicros)
  let followed = Promise.resolve()
  watch(folder, { persistent: false }, () => { followed = followed.then(follow) })
}

import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A file to which things are only added: what one process kept on one day (Europe/Rome), or a part of it. Numbers of a day begin with 1. */
export interface DayFile { readonly name: string, readonly path: string, readonly day: string, readonly number: number }

const dayMs = 86_400_000

/** True once everything that was kept on a day has been kept for so many days. A day in Rome is over before the day of that date in UTC. */
export function isExpired (day: string, retentionDays: number, now: number): boolean {
  return now >= Date.parse(`${day}T00:00:00Z`) + (retentionDays + 1) * dayMs
}

/** The files of one kind, named `2026-03-02.0001.` and their ending. */
export class DayFiles {
  readonly #ending: string
  readonly #form: RegExp

  constructor (ending: string) {
    this.#ending = ending
    this.#form = new RegExp(`^(\\d{4}-\\d{2}-\\d{2})\\.(\\d{4,})\\.${ending}$`)
  }

  /** That of a day with a number. */
  of (folder: string, day: string, number: number): DayFile {
    const name = `${day}.${String(number).padStart(4, '0')}.${this.#ending}`
    return { name, path: join(folder, name), day, number }
  }

  /** Those of a folder by day and number; none when there is no folder yet. */
  async list (folder: string): Promise<readonly DayFile[]> {
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    const files = names.flatMap((name) => {
      const [, day, number] = this.#form.exec(name) ?? []
      return day === undefined ? [] : [this.of(folder, day, Number(number))]
    })
    return files.toSorted((left, right) => left.day === right.day ? left.number - right.number : left.day < right.day ? -1 : 1)
  }

  /** Makes the next one of a day with `create`, which rejects with EEXIST where it is there: another process may be writing to it, and its end may be torn. */
  async next<Made> (folder: string, day: string, create: (path: string) => Promise<Made>): Promise<{ readonly file: DayFile, readonly made: Made }> {
    const last = (await this.list(folder)).findLast((file) => file.day === day)
    for (let number = (last?.number ?? 0) + 1; ; number++) {
      const file = this.of(folder, day, number)
      try {
        return { file, made: await create(file.path) }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  }

  /** Takes away those whose time is over and gives their names; another process may do the same at the same time. */
  async removeExpired (folder: string, retentionDays: number, now: number): Promise<readonly string[]> {
    const expired = (await this.list(folder)).filter(({ day }) => isExpired(day, retentionDays, now))
    await Promise.all(expired.map(async ({ path }) => rm(path, { force: true })))
    return expired.map(({ name }) => name)
  }
}

/** Puts the names in a folder on the disk: that of a new file is only there once its folder is. */
export async function syncFolder (folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

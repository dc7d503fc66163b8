import { join } from 'node:path'
import { isRecord } from '../../policies/jws.ts'
import type { DayFile } from '../adapters/day-files.ts'
import { isFileEnd, readLine } from './audit-line.ts'
import type { FileEnd, HeadClaims, Neighbouring } from './audit-line.ts'
import { auditPlaceOf, auditPlaces } from './audit-place.ts'
import { auditFiles } from './audit-reader.ts'
import { readLines } from './line-reader.ts'

/** How often it is looked, in ms: what a head says of others is at most so old. */
const lookMs = 30_000

/** Where the files of a process are, as heads name it: nothing else is looked for. */
const placeForm = /^(worker-[1-9]\d{0,5}\/)?audit$/

/** The other processes that share the state folder or did, as they are named in heads, so that one whose folder is taken away as a whole is missed. */
export class Neighbours {
  readonly #state: string
  readonly #own: string
  readonly #looking: NodeJS.Timeout
  #there: Neighbouring = {}

  private constructor (state: string, ownFolder: string) {
    [this.#state, this.#own] = [state, auditPlaceOf(ownFolder).folder]
    this.#looking = setInterval(() => { void this.#look() }, lookMs).unref()
  }

  /** Looks which there are, and goes on doing so. Never throws: while nothing can be read, what is known stays. */
  static async open (state: string, ownFolder: string): Promise<Neighbours> {
    const neighbours = new Neighbours(state, ownFolder)
    await neighbours.#look()
    return neighbours
  }

  /** How the last file of each with records begins. */
  get there (): Neighbouring { return this.#there }

  close (): void {
    clearInterval(this.#looking)
  }

  async #look (): Promise<void> {
    try {
      const others = (await auditPlaces(this.#state)).filter(({ folder }) => folder !== this.#own)
      const ends = await Promise.all(others.map(async ({ folder, within }) => {
        const end = await lastWithRecords(folder, this.#there[`${within}audit`])
        return end ? [[`${within}audit`, end] as const] : []
      }))
      this.#there = Object.fromEntries(ends.flat())
    } catch {
      // What is known is no less true.
    }
  }
}

/** The beginning of the last file of a folder with more than its opening in it: one without may go with a failure of the disk. */
async function lastWithRecords (folder: string, known: FileEnd | undefined): Promise<FileEnd | undefined> {
  for (const file of (await auditFiles.list(folder)).toReversed()) {
    if (file.name === known?.file) return known
    const [first, second] = await firstLines(file)
    if (first && second !== undefined) return { file: file.name, lines: 1, hash: first.hash }
  }
  return undefined
}

async function firstLines ({ path }: DayFile): Promise<readonly [first: ReturnType<typeof readLine>, second: string | undefined]> {
  for await (const [first = '', second] of readLines(path)) return [readLine(first), second]
  return [undefined, undefined]
}

/** What a head says of a file of another process: `place` is where it is, `by` who says it. */
export interface Testimony { readonly place: string, readonly beginning: FileEnd, readonly by: string }

/** What a head says of others. */
export function testimoniesOf ({ neighbours }: HeadClaims, by: string): readonly Testimony[] {
  return isRecord(neighbours) ? Object.entries(neighbours).flatMap(([place, beginning]) => placeForm.test(place) && isFileEnd(beginning) ? [{ place, beginning, by }] : []) : []
}

/** Says which files of a state folder are missing, or others than were there, as heads of other processes know; `mayBeGone` is true for a day whose time is over. Throws what the file system throws. */
export async function verifyNeighbours (state: string, testimonies: readonly Testimony[], mayBeGone: (day: string) => boolean): Promise<readonly string[]> {
  const faults: string[] = []
  for (const [place, all] of Map.groupBy(testimonies, (testimony) => testimony.place)) {
    const files = await auditFiles.list(join(state, place))
    const distinct = [...new Map(all.map((testimony) => [`${testimony.beginning.file} ${testimony.beginning.hash}`, testimony])).values()].toSorted((one, other) => one.beginning.file < other.beginning.file ? -1 : 1)
    const missing = distinct.filter(({ beginning: { file } }) => !files.some(({ name }) => name === file) && !mayBeGone(file.slice(0, 10)))
    const last = missing.at(-1)
    if (files.length === 0 && last) faults.push(`${place}: there is no file in it, and ${last.by} knows of ${last.beginning.file}${missing.length > 1 ? ` and ${missing.length - 1} before it` : ''}: all of it was taken away`)
    else faults.push(...missing.map(({ beginning: { file }, by }) => `${place}/${file}: it is missing, and ${by} knows of it`))
    for (const { beginning: { file, hash }, by } of distinct) {
      const there = files.find(({ name }) => name === file)
      if (there && (await firstLines(there))[0]?.hash !== hash) faults.push(`${place}/${file}: it begins otherwise than ${by} knows: another one was put in its place`)
    }
  }
  return faults
}

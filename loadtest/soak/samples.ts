import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { preloading } from '../preload.ts'
import { collect, variable } from './witness.ts'
import type { Witnessed } from './witness.ts'

/** What a program says of its memory while it runs, read from the file to which a witness in it writes. */
export class Samples {
  readonly #path: string
  readonly #file: FileHandle
  readonly #all: Witnessed[] = []
  #position = 0
  #rest = ''

  private constructor (path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  /** Makes the file; `stack` removes it. */
  static async open (stack: AsyncDisposableStack): Promise<Samples> {
    const folder = await mkdtemp(join(tmpdir(), 'varco-soak-'))
    stack.defer(async () => rm(folder, { recursive: true, force: true }))
    const path = join(folder, 'witness.jsonl')
    const file = await open(path, 'a+')
    stack.defer(async () => file.close())
    return new Samples(path, file)
  }

  /** The variables with which a program has to be started to be watched. */
  get env (): Readonly<Record<string, string>> {
    return preloading('soak/witness.ts', { [variable]: this.#path })
  }

  /** Everything that was said until now. */
  async read (): Promise<readonly Witnessed[]> {
    const buffer = Buffer.alloc(65_536)
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#position)
      if (bytesRead === 0) return this.#all
      this.#position += bytesRead
      const lines = (this.#rest + buffer.toString('latin1', 0, bytesRead)).split('\n')
      this.#rest = lines.pop() as string
      this.#all.push(...lines.map((line) => JSON.parse(line) as Witnessed))
    }
  }

  /** Has all garbage collected and gives what is said right after; undefined when nothing is said for ten seconds. */
  async collect (): Promise<Witnessed | undefined> {
    const known = (await this.read()).length
    await writeFile(this.#path + collect, '')
    const patience = performance.now() + 10_000
    while (performance.now() < patience) {
      const found = (await this.read()).slice(known).find(({ collected }) => collected)
      if (found) return found
      await wait(100)
    }
    return undefined
  }
}

import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseJson } from '../openapi/json/json.ts'
import { programOf } from '../openapi/kept-contracts.ts'
import { isRecord } from '../policies/jws.ts'
import type { LintVerdict } from './verdicts.ts'

/** How many verdicts are kept, the latest. */
const mostKept = 1000

/** Verdicts on contracts, by what tells a contract and a profile apart, for the next start: judging takes longer, and more memory, than serving. Those of another program are not used. */
export class KeptVerdicts {
  readonly #path: string
  readonly #program: string
  /** The file must be in a folder where nobody else can write. */
  constructor (path: string, program = programOf()) {
    this.#path = path
    this.#program = program
  }

  /** What was kept last; nothing where there is none that may be used. Never throws. */
  async read (): Promise<ReadonlyMap<string, LintVerdict>> {
    const bytes = await readFile(this.#path).catch(() => undefined)
    const parsed = bytes && parseJson(bytes)
    const value = parsed && 'value' in parsed ? parsed.value : undefined
    if (!isRecord(value) || value['program'] !== this.#program || !isRecord(value['verdicts'])) return new Map()
    return new Map(Object.entries(value['verdicts']).filter((entry): entry is [string, LintVerdict] => isVerdict(entry[1])))
  }

  /** Keeps them, whole or not at all. Never throws: without them contracts are judged again. */
  async write (verdicts: ReadonlyMap<string, LintVerdict>): Promise<void> {
    const next = `${this.#path}.${randomUUID()}`
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      await writeFile(next, JSON.stringify({ program: this.#program, verdicts: Object.fromEntries([...verdicts].slice(-mostKept)) }), { mode: 0o600 })
      await rename(next, this.#path)
    } catch { /* the folder takes nothing */ }
  }
}

function isVerdict (value: unknown): value is LintVerdict {
  return isRecord(value) && (value['profile'] === 'pdnd' || value['profile'] === 'modi') && [value['errors'], value['warnings']].every((count) => Number.isSafeInteger(count) && (count as number) >= 0)
}

import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { Contract } from './contract.ts'
import { digestOf } from './reading/vendored.ts'

/** What is kept of a contract: what read it, and what was read. */
interface Kept { readonly program: string, readonly contract: Contract }

/** Of SHA-256, in bytes: a file begins with that of all that follows. */
const digestBytes = 32

/**
 * Contracts that went live, for the next start: reading one, having it read a second time and compiling it takes longer than all the rest. One is taken
 * only as long as every file that it was read from, and this program, are what they were then. The folder must be one where nobody else can write.
 */
export class KeptContracts {
  readonly #folder: string
  readonly #program: string
  constructor (folder: string, program = programOf()) {
    this.#folder = folder
    this.#program = program
  }

  /** The contract in a file as it was kept; undefined where there is none that may be taken. Never throws. */
  async find (file: string): Promise<Contract | undefined> {
    try {
      const bytes = await readFile(this.#placeOf(file))
      const content = bytes.subarray(digestBytes)
      if (!sha256(content).equals(bytes.subarray(0, digestBytes))) return undefined
      const { program, contract } = deserialize(content) as Kept
      return program === this.#program && contract.file === file && await isAsItWas(contract) ? contract : undefined
    } catch {
      return undefined
    }
  }

  /** Keeps a contract that both readers understand alike and of which every operation was compiled. Throws what the file system throws. */
  async keep (contract: Contract): Promise<void> {
    const content = serialize({ program: this.#program, contract } satisfies Kept)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const place = this.#placeOf(contract.file)
    const next = `${place}.${randomUUID()}`
    await writeFile(next, Buffer.concat([sha256(content), content]), { mode: 0o600 })
    await rename(next, place)
  }

  #placeOf (file: string): string {
    return join(this.#folder, `${digestOf(resolve(file)).slice(0, 32)}.contract`)
  }
}

async function isAsItWas ({ digests }: Contract): Promise<boolean> {
  const same = await Promise.all([...digests].map(async ([path, digest]) => digestOf(await readFile(path, 'utf8')) === digest))
  return same.length > 0 && same.every(Boolean)
}

let ownProgram: string | undefined

/** Tells apart what reads and judges contracts: the code of this folder, the packages that are installed, and Node. */
export function programOf (): string {
  if (ownProgram !== undefined) return ownProgram
  const hash = createHash('sha256').update(process.version)
  for (const name of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(import.meta.dirname, '..', name)))
  const names = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  for (const name of names.toSorted()) hash.update(`\n${name}\n`).update(readFileSync(join(import.meta.dirname, name)))
  return ownProgram = hash.digest('hex')
}

function sha256 (bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

import type { Jwk } from '../../policies/jwk.ts'
import type { DayFile } from '../adapters/day-files.ts'
import { findBreak } from './audit-break.ts'
import { followChain } from './audit-chain.ts'
import type { ChainLine } from './audit-chain.ts'
import { keyIdOf, readHead } from './audit-heads.ts'
import { isOwnLine, noHash, parseHead, parseOpening, readLine } from './audit-line.ts'
import type { FileEnd, HeadClaims, Opening } from './audit-line.ts'
import { auditFiles } from './audit-reader.ts'
import { readLines } from './line-reader.ts'
import { testimoniesOf } from './neighbours.ts'
import type { Testimony } from './neighbours.ts'

/** What checking the files of a process found: `lines` that are good; each of `faults` says where something is not what was written and what became of it; `notes` are no faults; `testimonies` what its heads say of other processes. */
export interface Verification { readonly files: number, readonly lines: number, readonly heads: number, readonly faults: readonly string[], readonly notes: readonly string[], readonly testimonies: readonly Testimony[] }

/**
 * What files are held against: keys that are trusted (undefined: those that the files themselves name), `heads` that are known from outside, and whether the files of a day may be gone because their
 * time is over, `first` being the day of the first that is there.
 */
export interface Trusted { readonly keys: readonly Jwk[] | undefined, readonly heads: readonly HeadClaims[], readonly mayBeGone: (day: string, first: string | undefined) => boolean }

/** Something that is known of a file from elsewhere, and from where; `isEnd` when that was all of it. */
interface Claim extends FileEnd { readonly by: string, readonly isEnd: boolean }

/** Reads every line of every file of a folder in constant memory, and holds files, heads and what each file says of the one before it against each other. Throws what the file system throws. */
export async function verifyAudit (folder: string, { keys, heads, mayBeGone }: Trusted): Promise<Verification> {
  const files = await auditFiles.list(folder)
  const claims = [...await readClaims(files), ...heads.map(({ file, lines, hash }): Claim => ({ file, lines, hash, by: 'a head that was logged', isEnd: false }))]
  const found: Verification[] = []
  for (const file of files) found.push(await verifyFile(file, claims.filter((claim) => claim.file === file.name), keys))
  const missing = new Map(claims.filter(({ file }) => !files.some(({ name }) => name === file)).map((claim) => [claim.file, claim]))
  for (const { file, by } of missing.values()) {
    const isGone = mayBeGone(file.slice(0, 10), files[0]?.day)
    found.push({ ...nothing, [isGone ? 'notes' : 'faults']: [isGone ? `${file}: it is not there any more; ${by} comes after it` : `${file}: it is missing, and ${by} knows of it`] })
  }
  return found.reduce((sum, one) => ({
    files: sum.files + one.files, lines: sum.lines + one.lines, heads: sum.heads + one.heads, faults: [...sum.faults, ...one.faults], notes: [...sum.notes, ...one.notes], testimonies: [...sum.testimonies, ...one.testimonies]
  }), nothing)
}

const nothing: Verification = { files: 0, lines: 0, heads: 0, faults: [], notes: [], testimonies: [] }

async function verifyFile (file: DayFile, claims: readonly Claim[], keys: readonly Jwk[] | undefined): Promise<Verification> {
  const check = new FileCheck(file, claims, keys)
  const good = await followChain(file.path, (line) => { check.see(line) })
  const { lines, isBroken, tornBytes } = good
  const [faults, notes] = [[...check.faults], [] as string[]]
  const short = claims.find((claim) => claim.lines > lines)
  // A process that was still writing when the next one began signed what it added.
  const end = claims.find((claim) => claim.isEnd && claim.lines < lines && check.lastHead < lines && !check.isClosed)
  if (isBroken) faults.push(`line ${lines + 1}: ${await findBreak(file.path, good, claims, check.keys)}`)
  else if (short) faults.push(`line ${lines}: it ends here, and ${short.by} knows of ${short.lines} lines: its end was taken away`)
  else if (end) faults.push(`line ${Math.max(end.lines, check.lastHead) + 1}: it stands behind line ${end.lines}, with which the file ended as ${end.by} knows`)
  else if (!check.isClosed && !claims.some((claim) => claim.lines === lines)) notes.push('it has no closing head, as when it is being written or its process was killed: nothing says here that there was no more in it')
  if (!isBroken && tornBytes > 0) notes.push(`its last ${tornBytes} bytes are of a line that is not whole, as when a process is killed: of such a record nobody is told that it is kept`)
  return { files: 1, lines, heads: check.heads, faults: faults.map((fault) => `${file.name}, ${fault}`), notes: notes.map((note) => `${file.name}: ${note}`), testimonies: check.testimonies }
}

/** Looks at the lines of a file whose chain is good so far: its opening, its heads, and what is known of it from elsewhere. */
class FileCheck {
  readonly faults: string[] = []
  readonly testimonies: Testimony[] = []
  heads = 0
  /** The number of the last line that is a good head, 0 while there is none; with `isClosed` it is the closing one. */
  lastHead = 0
  isClosed = false
  readonly #name: string
  readonly #claims: readonly Claim[]
  readonly #trusted: readonly Jwk[] | undefined
  #opening: Opening | undefined
  #last: FileEnd

  constructor ({ name }: DayFile, claims: readonly Claim[], trusted: readonly Jwk[] | undefined) {
    [this.#name, this.#claims, this.#trusted] = [name, claims, trusted]
    this.#last = { file: name, lines: 0, hash: noHash }
  }

  /** Those whose heads are believed. */
  get keys (): readonly Jwk[] { return this.#trusted ?? (this.#opening ? [this.#opening.jwk] : []) }

  see ({ number, text, hash }: ChainLine): void {
    if (this.isClosed && number === this.lastHead + 1) this.faults.push(`line ${number}: it stands behind the closing head, behind which nothing was written`)
    const fault = number === 1 ? this.#seeOpening(text) : isOwnLine(text) ? this.#seeHead(text) : undefined
    if (fault !== undefined) this.faults.push(`line ${number}: ${fault}`)
    this.#last = { file: this.#name, lines: number, hash }
    const other = this.#claims.find((claim) => claim.lines === number && claim.hash !== hash)
    if (other) this.faults.push(`line ${number}: it is another one than ${other.by} knows of: the file was written anew`)
  }

  #seeOpening (text: string): string | undefined {
    const opening = this.#opening = parseOpening(text)
    if (!opening) return 'it is no opening: what was before it was taken away'
    if (opening.file !== this.#name) return `the file was begun as ${opening.file}: it was renamed, or put in the place of another`
    const kid = keyIdOf(opening.jwk)
    return this.keys.some((key) => keyIdOf(key) === kid) ? undefined : `its heads are signed with the key ${kid}, which is not trusted here (--key)`
  }

  #seeHead (text: string): string | undefined {
    const head = parseHead(text)
    const claims = head ? readHead(head.jws, this.keys) : 'it is none'
    const { file, lines, hash } = this.#last
    if (typeof claims === 'string') return `a signed head: ${claims}`
    if (claims.file !== file || claims.lines !== lines || claims.hash !== hash || claims.node !== this.#opening?.node) return 'a signed head that says something else than the lines before it: they were written anew'
    this.heads++
    this.lastHead = lines + 1
    this.isClosed = claims.closing
    this.testimonies.push(...testimoniesOf(claims, this.#name))
    return undefined
  }
}

/** What every file says of the one before it. */
async function readClaims (files: readonly DayFile[]): Promise<readonly Claim[]> {
  const claims: Claim[] = []
  for (const file of files) {
    const previous = (await readOpening(file))?.previous
    if (previous) claims.push({ ...previous, by: file.name, isEnd: true })
  }
  return claims
}

/** The opening of a file; undefined where there is none. Throws what the file system throws. */
export async function readOpening ({ path }: DayFile): Promise<Opening | undefined> {
  for await (const [line = ''] of readLines(path)) {
    const read = readLine(line)
    return read && parseOpening(read.text)
  }
  return undefined
}

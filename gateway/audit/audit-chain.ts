import { hashOf, noHash, readLine } from './audit-line.ts'
import { maxLineBytes, readLines } from './line-reader.ts'

/** A line of a file that is what was written there; the first is 1. */
export interface ChainLine { readonly number: number, readonly text: string, readonly hash: string }

/**
 * How far a file is what was written: `lines` whole ones, and the hash of the last. `isBroken` when the line behind them is not what was written there; otherwise `tornBytes` is what the end of a
 * process or of the power left of more (0: nothing), which nobody was told is kept.
 */
export interface ChainEnd { readonly lines: number, readonly hash: string, readonly isBroken: boolean, readonly tornBytes: number }

/** Reads a file from its beginning for as long as every line is what was written at its place, and gives each to `each`. Throws what the file system throws. */
export async function followChain (path: string, each: (line: ChainLine) => void): Promise<ChainEnd> {
  let [lines, hash] = [0, noHash]
  const chunks = readLines(path)
  for (let next = await chunks.next(); ; next = await chunks.next()) {
    if (next.done) {
      const { bytes, inZeros } = next.value
      return { lines, hash, isBroken: bytes > maxLineBytes && !inZeros, tornBytes: bytes }
    }
    for (const line of next.value) {
      const read = readLine(line)
      if (!read || hashOf(hash, read.text) !== read.hash) {
        await chunks.return({ bytes: 0, inZeros: false })
        return { lines, hash, isBroken: true, tornBytes: 0 }
      }
      hash = read.hash
      each({ number: ++lines, text: read.text, hash })
    }
  }
}

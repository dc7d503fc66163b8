import { readFileSync } from 'node:fs'
import { segmentsOf } from '../json/field-tree.ts'
import { DocumentError } from '../document.ts'
import { positionsIn } from './position.ts'

/** A place in a file: an RFC 6901 pointer into it. */
export interface Origin { readonly file: string, readonly pointer: string }

/** Where what was taken in from other places comes from, by the pointers under which it stands in the bundle. */
export type Origins = ReadonlyMap<string, Origin>

/** Tells which file of a bundle something comes from, and where in it that stands: by the longest pointer that was taken in on the way to it. */
export function originOf (pointer: string, contract: string, origins: Origins): Origin {
  for (let end = pointer.length; end > 0; end = pointer.lastIndexOf('/', end - 1)) {
    const origin = origins.get(pointer.slice(0, end))
    if (origin) return { file: origin.file, pointer: origin.pointer + pointer.slice(end) }
  }
  return { file: contract, pointer }
}

/** The error for what is wrong at a place in a file, with its line and column where the file can still be read. */
export function errorAt ({ file, pointer }: Origin, reason: string): DocumentError {
  try {
    const { line, column } = positionsIn(readFileSync(file, 'utf8'))(segmentsOf(pointer))
    return new DocumentError(file, reason, line, column, pointer)
  } catch {
    return new DocumentError(file, reason, undefined, 1, pointer)
  }
}

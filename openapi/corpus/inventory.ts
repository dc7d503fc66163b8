import { schemasIn } from '../reading/anatomy.ts'
import type { Contract } from '../contract.ts'
import { expressionOf } from '../schemas/expression.ts'
import { isKnownFormat } from '../schemas/formats.ts'
import { findPatternFault } from '../schemas/pattern.ts'
import { schemaCompiler } from '../schemas/schema-compiler.ts'

/** What a contract holds that its validators are made of. */
export interface Inventory {
  readonly operations: number
  /** Schemas compiled for what callers send, and for what they get. */
  readonly compiled: { readonly request: number, readonly response: number }
  readonly patterns: number
  /** Those that go to the engine that takes time by the length of a text alone, and those that nothing matches in time. */
  readonly linearPatterns: readonly string[]
  readonly refusedPatterns: readonly string[]
  readonly unknownFormats: readonly string[]
  /** How much of it is read in another way than it is written. */
  readonly notes: number
}

/** Counts what is in a contract, and compiles all of its schemas for both directions. Throws DocumentError where one cannot be compiled. */
export function inventoryOf (contract: Contract): Inventory {
  const written = [...schemasIn(contract.document)]
  const textsOf = (member: string): readonly string[] => [...new Set(written.flatMap(({ schema }) => typeof schema[member] === 'string' ? [schema[member]] : []))]
  const patterns = textsOf('pattern')
  const compile = schemaCompiler(contract)
  const compiled = { request: 0, response: 0 }
  for (const { pointer, schema } of written) {
    for (const direction of directionsOf(pointer)) {
      // A component is compiled once, for all that refer to it.
      compile(isComponent(pointer) ? { $ref: `#${pointer}` } : schema, direction, pointer)
      compiled[direction]++
    }
  }
  return {
    operations: contract.operations.length,
    compiled,
    patterns: patterns.length,
    linearPatterns: patterns.filter((pattern) => findPatternFault(pattern) !== undefined && !isRefused(pattern)),
    refusedPatterns: patterns.filter(isRefused),
    unknownFormats: textsOf('format').filter((format) => !isKnownFormat(format)),
    notes: contract.notes.length
  }
}

function isRefused (pattern: string): boolean {
  try {
    expressionOf(pattern)
    return false
  } catch {
    return true
  }
}

function isComponent (pointer: string): boolean {
  return /^\/components\/schemas\/[^/]+$/.test(pointer)
}

/** In which directions a schema is used that stands at this place; none where it is a part of another. */
function directionsOf (pointer: string): readonly ('request' | 'response')[] {
  if (isComponent(pointer)) return ['request', 'response']
  if (!pointer.endsWith('/schema') || pointer.endsWith('/properties/schema')) return []
  return /\/(?:responses|headers)\//.test(pointer) ? ['response'] : ['request']
}

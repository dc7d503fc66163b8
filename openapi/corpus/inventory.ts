import { schemasIn } from '../anatomy.ts'
import type { Contract } from '../contract.ts'
import { findPatternFault } from '../pattern.ts'
import { schemaCompiler } from '../schema-compiler.ts'

/** What a contract holds that its validators are made of. */
export interface Inventory {
  readonly operations: number
  /** Schemas compiled for what callers send, and for what they get. */
  readonly compiled: { readonly request: number, readonly response: number }
  readonly patterns: number
  readonly refusedPatterns: readonly string[]
  readonly unknownFormats: readonly string[]
}

/** Counts what is in a contract, and compiles all of its schemas for both directions. Throws DocumentError where one cannot be compiled. */
export function inventoryOf (contract: Contract): Inventory {
  const written = [...schemasIn(contract.document)]
  const patterns = [...new Set(written.flatMap(({ schema }) => typeof schema['pattern'] === 'string' ? [schema['pattern']] : []))]
  const compile = schemaCompiler(contract)
  const compiled = { request: 0, response: 0 }
  for (const { pointer, schema } of written) {
    for (const direction of directionsOf(pointer)) {
      compile(schema, direction, pointer)
      compiled[direction]++
    }
  }
  return {
    operations: contract.operations.length,
    compiled,
    patterns: patterns.length,
    refusedPatterns: patterns.filter((pattern) => findPatternFault(pattern) !== undefined),
    unknownFormats: []
  }
}

/** In which directions a schema is used that stands at this place; none where it is a part of another. */
function directionsOf (pointer: string): readonly ('request' | 'response')[] {
  if (/^\/components\/schemas\/[^/]+$/.test(pointer)) return ['request', 'response']
  if (!pointer.endsWith('/schema') || pointer.endsWith('/properties/schema')) return []
  return /\/(?:responses|headers)\//.test(pointer) ? ['response'] : ['request']
}

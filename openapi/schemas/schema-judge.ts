import type { ErrorObject, ValidateFunction } from 'ajv'
import { closestKeyword, toClosestSchema, Tries } from './closest-branch.ts'
import type { Contract } from '../contract.ts'
import type { JsonObject } from '../document.ts'
import { exactKeyword, toExactSchema } from './exact-numbers.ts'
import { expectationOf } from './expectation.ts'
import { schemaCompiler } from './schema-compiler.ts'
import type { SchemaCompiler, SchemaVariant } from './schema-compiler.ts'
import { mapSchemas } from './schema-walk.ts'
import type { Direction } from './schema.ts'

/** What is wrong with a value: where (RFC 6901), by which keyword, and what is expected there instead. */
export interface Violation { readonly pointer: string, readonly rule: string, readonly expected: string }

/** Judges values by one schema of a contract. */
export interface Judge {
  /** Compiles what most values need, if that was not done yet. Throws DocumentError when it cannot be. */
  prepare (): void
  /** True for a value that fits. Nothing of it is changed. */
  fits (value: unknown): boolean
  /** The same for a value in which integers that no double holds are bigint. */
  fitsExactly (value: unknown): boolean
  /** What is wrong with a value that was just found not to fit, the first `mostTold` things; only the first one where the value is too `large` to look at as a whole. */
  explain (value: unknown, large: boolean): readonly Violation[]
}

export type JudgeMaker = (schema: JsonObject, direction: Direction, where: string) => Judge

/** How many things that are wrong are told at once. */
export const mostTold = 20

/** One value is explained at a time. */
const tries = new Tries()

const variants: Readonly<Record<'plain' | 'exact' | 'careful', SchemaVariant>> = {
  plain: {},
  exact: { rewrite: (schema) => mapSchemas(schema, toExactSchema), keywords: () => [exactKeyword] },
  careful: { rewrite: (schema) => mapSchemas(schema, (one) => toClosestSchema(toExactSchema(one))), keywords: (ajv) => [exactKeyword, closestKeyword(ajv, tries)], all: true }
}

/**
 * Makes the judges of a contract's schemas. What most values need is compiled by `prepare`, so that a schema that cannot be is found at the start (DocumentError), or
 * like what judges large integers and what explains when it is first needed. `rewrite` changes every schema before.
 */
export function judgesOf (contract: Contract, rewrite?: (schema: JsonObject) => JsonObject): JudgeMaker {
  const compilers = new Map<string, SchemaCompiler>()
  const compilerOf = (name: keyof typeof variants): SchemaCompiler => {
    const made = compilers.get(name) ?? schemaCompiler(contract, withRewrite(variants[name], rewrite))
    compilers.set(name, made)
    return made
  }
  return (schema, direction, where) => new SchemaJudge((name) => compilerOf(name)(schema, direction, where))
}

function withRewrite (variant: SchemaVariant, before: ((schema: JsonObject) => JsonObject) | undefined): SchemaVariant {
  if (!before) return variant
  const { rewrite: after } = variant
  return { ...variant, rewrite: (schema) => after ? after(mapSchemas(schema, before)) : mapSchemas(schema, before) }
}

class SchemaJudge implements Judge {
  readonly #compile: (variant: keyof typeof variants) => ValidateFunction
  #check: ValidateFunction | undefined
  #exact: ValidateFunction | undefined
  #careful: ValidateFunction | undefined
  #errors: readonly ErrorObject[] = []

  constructor (compile: (variant: keyof typeof variants) => ValidateFunction) {
    this.#compile = compile
  }

  prepare (): void {
    this.#check ??= this.#compile('plain')
  }

  fits (value: unknown): boolean {
    const check = this.#check ??= this.#compile('plain')
    if (check(value)) return true
    this.#errors = check.errors ?? []
    return false
  }

  fitsExactly (value: unknown): boolean {
    this.#exact ??= this.#compile('exact')
    if (this.#exact(value)) return true
    this.#errors = this.#exact.errors ?? []
    return false
  }

  explain (value: unknown, large: boolean): readonly Violation[] {
    const first = this.#errors.slice(0, 1)
    if (large) return first.map(toViolation)
    this.#careful ??= this.#compile('careful')
    // The verdict is the other one's: this only finds words for it.
    tries.start()
    const isFound = !this.#careful(value) && !tries.areUsedUp && this.#careful.errors?.[0]?.keyword !== 'complexity'
    const found = isFound ? this.#careful.errors ?? [] : []
    const all = found.length > 0 ? found : first
    // Of a value of another type nothing else needs to be said.
    const mistyped = new Set(all.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath))
    const worth = all.filter(({ keyword, instancePath }) => keyword !== 'if' && (keyword === 'type' || !mistyped.has(instancePath)))
    const told = new Map((worth.length > 0 ? worth : first).map((error) => [`${error.instancePath} ${error.keyword} ${error.message}`, error]))
    return [...told.values()].slice(0, mostTold).map(toViolation)
  }
}

function toViolation (error: ErrorObject): Violation {
  return { pointer: error.instancePath, rule: error.keyword === 'false schema' ? 'not' : error.keyword, expected: expectationOf(error) }
}

import { setImmediate as others } from 'node:timers/promises'
import type { Contract, Operation } from '../contract.ts'
import type { Parameter } from '../reading/declared-parameters.ts'
import type { JsonObject } from '../document.ts'
import { resourceSchemas, toMergePatchSchema } from './merge-patch.ts'
import { isOneText, readParameters } from './parameters.ts'
import type { CompiledParameter, CompiledParameters, ParameterSource, ReadParameters } from './parameters.ts'
import { declaredNames } from '../json/pointer.ts'
import { decodeComponent } from './query.ts'
import { resolverOf } from '../reading/references.ts'
import { prepareBody } from './request-body.ts'
import type { Findings } from './request-finding.ts'
import { judgesOf } from '../schemas/schema-judge.ts'
import type { Judge, JudgeMaker } from '../schemas/schema-judge.ts'
import { shapeOf } from './shape.ts'
import type { Shape } from './shape.ts'
import { escapePointer } from './typed-values.ts'
import { notationOf } from './written.ts'

/** The checks of one operation, compiled once at boot. Nothing here changes what it checks. */
export interface OperationValidator {
  /** Path parameters that are more than one text: they are read as they are written, not decoded. */
  readonly rawPath: ReadonlySet<string>
  parameters (source: ParameterSource): ReadParameters | Findings
  /** Which of the contract's media types a Content-Type value names; undefined is a 415. */
  mediaType (contentType: string | undefined): string | undefined
  /** Checks body bytes against the schema of their media type; gives the value that was read, undefined for bytes that are not read. */
  body (contentType: string | undefined, bytes: Uint8Array): { readonly value: unknown } | Findings
}

/** Compiles the validators of every operation, by operationId. Throws DocumentError when a schema cannot be compiled. */
export function compileContract (contract: Contract): ReadonlyMap<string, OperationValidator> {
  return new Map(compileEach(contract))
}

/** How long calls may wait while a contract is compiled, in ms: one operation more than that. */
const stretchMs = 5

/** The same in a process that serves meanwhile. */
export async function compileMeanwhile (contract: Contract): Promise<ReadonlyMap<string, OperationValidator>> {
  return new Map(await inStretches(compileEach(contract)))
}

/** The same of a contract that this very program has compiled before: each schema when it is first needed, and what is left by `compileRest`, in a process that serves meanwhile. */
export function compileWhenNeeded (contract: Contract): { readonly validators: ReadonlyMap<string, OperationValidator>, readonly compileRest: () => Promise<void> } {
  const judges: Judge[] = []
  const validators = new Map(compileEach(contract, (judge) => { judges.push(judge) }))
  return { validators, compileRest: async () => { await inStretches(prepareEach(judges)) } }
}

function * prepareEach (judges: readonly Judge[]): Generator<void> {
  for (const judge of judges) yield judge.prepare()
}

async function inStretches<Step> (steps: Iterable<Step>): Promise<readonly Step[]> {
  const done: Step[] = []
  let since = performance.now()
  for (const step of steps) {
    done.push(step)
    if (performance.now() - since < stretchMs) continue
    await others()
    since = performance.now()
  }
  return done
}

/** What parameters are compiled with; `declared` is every member name that the contract declares. */
export interface ParameterTools { readonly judge: (schema: JsonObject) => Judge, readonly shapeOf: (schema: JsonObject) => Shape, readonly declared: ReadonlySet<string> }

/** What the operations of a contract are compiled with. */
interface Tools extends ParameterTools {
  readonly patchJudge: (schema: JsonObject) => Judge
  readonly isResource: (schema: JsonObject) => boolean
}

/** `later` is given every judge that is not compiled yet; without it all are. */
function * compileEach (contract: Contract, later?: (judge: Judge) => void): Generator<readonly [id: string, OperationValidator]> {
  const prepare = later ?? ((judge: Judge) => { judge.prepare() })
  const prepared = (judges: JudgeMaker): JudgeMaker => (...of) => {
    const judge = judges(...of)
    prepare(judge)
    return judge
  }
  const judges = prepared(judgesOf(contract))
  const patchJudges = prepared(judgesOf(contract, toMergePatchSchema))
  const declared = declaredNames(contract.document)
  const resolve = resolverOf(contract.document, contract.file)
  const resources = resourceSchemas(contract.document)
  for (const operation of contract.operations) {
    const judge = (schema: JsonObject): Judge => judges(schema, 'request', operation.id)
    const fits = (schema: JsonObject): ((value: unknown) => boolean) => {
      const { fits: fitsPlainly, fitsExactly } = bound(judge(schema))
      return (value) => typeof value === 'bigint' ? fitsExactly(value) : fitsPlainly(value)
    }
    yield [operation.id, compileOperation(operation, {
      judge,
      patchJudge: (schema) => patchJudges(schema, 'request', operation.id),
      shapeOf: (schema) => shapeOf(schema, { resolve, fits }),
      declared,
      isResource: ({ $ref }) => typeof $ref === 'string' && resources.has($ref)
    })]
  }
}

function bound (judge: Judge): Pick<Judge, 'fits' | 'fitsExactly'> {
  return { fits: (value) => judge.fits(value), fitsExactly: (value) => judge.fitsExactly(value) }
}

function compileOperation (operation: Operation, tools: Tools): OperationValidator {
  const parameters = compileParameters(operation.parameters, tools)
  const body = prepareBody(operation.body, { ...tools, judge: (schema, isPatch) => isPatch && tools.isResource(schema) ? tools.patchJudge(schema) : tools.judge(schema) })
  return {
    rawPath: new Set(parameters.all.filter((parameter) => parameter.in === 'path' && !isOneText(parameter)).map(({ name }) => name)),
    parameters: (source) => readParameters(parameters, source),
    mediaType: (contentType) => body.mediaType(contentType),
    body: (contentType, bytes) => body.check(contentType, bytes)
  }
}

/** Compiles declared parameters, or headers of an answer. Throws DocumentError when a schema cannot be. */
export function compileParameters (declared: readonly Parameter[], tools: ParameterTools): CompiledParameters {
  const all = declared.map((parameter) => compileParameter(parameter, tools))
  const namesIn = (place: 'query' | 'cookie'): ReadonlySet<string> => new Set(all.filter((parameter) => parameter.in === place).flatMap(writtenNames))
  return {
    all,
    queryNames: namesIn('query'),
    cookieNames: namesIn('cookie'),
    deep: all.filter(({ style }) => style === 'deepObject').map(({ name }) => name),
    takesAny: all.some((parameter) => parameter.in === 'query' && parameter.isSpread && parameter.style === 'form' && parameter.shape.members?.takesOthers === true),
    declared: tools.declared
  }
}

function compileParameter (parameter: Parameter, { judge, shapeOf: shape }: ParameterTools): CompiledParameter {
  const check = judge(parameter.schema)
  const form = shape(parameter.schema)
  const decode = { path: decodeURIComponent, query: decodeComponent, cookie: decodeURIComponent, header: (text: string) => text.trim() }[parameter.in]
  const kinds: CompiledParameter['kinds'] = [...form.members ? ['members' as const] : [], ...form.scalars.length > 0 ? ['scalar' as const] : [], ...form.items ? ['list' as const] : []]
  const isSpread = kinds.includes('members') && parameter.content === undefined && (parameter.style === 'deepObject' || (parameter.style === 'form' && parameter.explode))
  return {
    ...parameter,
    key: parameter.name.toLowerCase(),
    pointer: `/${escapePointer(parameter.name)}`,
    kinds,
    isSpread,
    isApart: isSpread && kinds.length === 1,
    shape: form,
    notation: notationOf(parameter, decode),
    judge: check
  }
}

/** The names under which a parameter comes. */
function writtenNames (parameter: CompiledParameter): readonly string[] {
  return [...parameter.isApart ? [] : [parameter.name], ...parameter.isSpread && parameter.style === 'form' ? parameter.shape.members?.declared.keys() ?? [] : []]
}

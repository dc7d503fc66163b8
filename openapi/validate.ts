import { setImmediate as others } from 'node:timers/promises'
import type { ValidateFunction } from 'ajv'
import { essence } from './media-type.ts'
import type { Contract, Operation } from './contract.ts'
import type { Body } from './declared-body.ts'
import type { JsonObject } from './document.ts'
import { isJsonType } from './json-answers.ts'
import { parseJson } from './json.ts'
import { readParameters } from './parameters.ts'
import type { CompiledParameter, Finding, ParameterSource, ReadParameters } from './parameters.ts'
import { declaredNames, shownPointer } from './pointer.ts'
import { schemaCompiler } from './schema-compiler.ts'

/** The checks of one operation, compiled once at boot. Nothing here changes what it checks. */
export interface OperationValidator {
  parameters (source: ParameterSource): ReadParameters | Finding
  /** Which of the contract's media types a Content-Type value names; undefined is a 415. */
  mediaType (contentType: string | undefined): string | undefined
  /** Checks body bytes against the schema of a media type that `mediaType` returned; gives the value for JSON, undefined otherwise. */
  body (mediaType: string | undefined, bytes: Uint8Array): { readonly value: unknown } | Finding
}

/** Compiles the validators of every operation, by operationId. Throws DocumentError when a schema cannot be compiled. */
export function compileContract (contract: Contract): ReadonlyMap<string, OperationValidator> {
  return new Map(compileEach(contract))
}

/** How long calls may wait while a contract is compiled, in ms: one operation more than that. */
const stretchMs = 5

/** The same in a process that serves meanwhile. */
export async function compileMeanwhile (contract: Contract): Promise<ReadonlyMap<string, OperationValidator>> {
  const validators = new Map<string, OperationValidator>()
  let since = performance.now()
  for (const [id, validator] of compileEach(contract)) {
    validators.set(id, validator)
    if (performance.now() - since < stretchMs) continue
    await others()
    since = performance.now()
  }
  return validators
}

function * compileEach (contract: Contract): Generator<readonly [id: string, OperationValidator]> {
  const compile = schemaCompiler(contract)
  const declared = declaredNames(contract.document)
  for (const operation of contract.operations) yield [operation.id, compileOperation(operation, (schema) => compile(schema, 'request', operation.id), declared)]
}

function compileOperation (operation: Operation, compile: (schema: JsonObject) => ValidateFunction, declared: ReadonlySet<string>): OperationValidator {
  const parameters: CompiledParameter[] = operation.parameters.map((parameter) => ({ ...parameter, key: parameter.name.toLowerCase(), check: compile(parameter.schema) }))
  const bodies = new Map([...operation.body?.content ?? []].map(([type, schema]) => [type, schema && compile(schema)]))
  return {
    parameters: (source) => readParameters(parameters, source),
    mediaType: (contentType) => matchMediaType(operation.body, contentType),
    body: (mediaType, bytes) => checkBody({ required: operation.body?.required === true, checks: bodies, declared }, mediaType, bytes)
  }
}

// A charset other than UTF-8 would let the upstream read other characters than the ones checked here.
function matchMediaType (body: Body | undefined, contentType: string | undefined): string | undefined {
  if (!body || contentType === undefined) return undefined
  const charsets = [...contentType.matchAll(/;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/gi)].map(([, quoted, plain]) => quoted ?? plain)
  if (charsets.some((charset) => charset?.toLowerCase() !== 'utf-8')) return undefined
  const type = essence(contentType)
  return body.content.has(type) ? type : undefined
}

interface BodyChecks { readonly required: boolean, readonly checks: ReadonlyMap<string, ValidateFunction | undefined>, readonly declared: ReadonlySet<string> }

function checkBody ({ required, checks, declared }: BodyChecks, mediaType: string | undefined, bytes: Uint8Array): { value: unknown } | Finding {
  if (bytes.length === 0 || mediaType === undefined) {
    return required ? { in: 'body', pointer: '', rule: 'required', detail: 'a body is required and missing' } : { value: undefined }
  }
  if (!isJsonType(mediaType)) return { value: undefined }
  const parsed = parseJson(bytes)
  if ('fault' in parsed) return { in: 'body', pointer: '', rule: 'json', detail: `the body cannot be read: ${parsed.fault}` }
  const check = checks.get(mediaType)
  if (!check || check(parsed.value)) return { value: parsed.value }
  const error = check.errors?.[0]
  const pointer = shownPointer(error?.instancePath ?? '', parsed.value, declared)
  return { in: 'body', pointer, rule: error?.keyword ?? 'schema', detail: `the body ${pointer && `at ${pointer} `}${error?.message ?? 'does not match its schema'}` }
}

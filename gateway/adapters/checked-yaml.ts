import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import type { AnySchemaObject, ErrorObject, Options, ValidateFunction } from 'ajv'
import { LineCounter, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { CheckedFileError } from './checked-file-error.ts'
import { didYouMean } from '../closest-name.ts'
import { lineAt, unresolvedAliases } from './yaml-position.ts'

/** Something wrong at a place of a document, as the path of keys and positions that leads there. */
export interface Finding { readonly path: readonly (string | number)[], readonly message: string }

/** How often one anchor may be repeated: plenty for ids, too little for a file whose aliases multiply without end. */
const mostAliases = 10_000

/**
 * Reads a YAML 1.2 file (UTF-8) and gives its content once `find`, which may do I/O, has no findings about it.
 * Throws CheckedFileError with every problem of the file, each with its line, or when it cannot be read.
 */
export async function readCheckedYaml<Content> (path: string, find: (content: unknown) => readonly Finding[] | Promise<readonly Finding[]>): Promise<Content> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CheckedFileError([`${path}: the file cannot be read (${error.code ?? 'unknown error'})`])
  })
  const lines = new LineCounter()
  const document: Document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const syntax = document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, message }))
  const unreadable = [...syntax, ...unresolvedAliases(document, lines)]
  if (unreadable.length > 0) throw new CheckedFileError(atLines(path, unreadable))
  const content = contentOf(document, path)
  const found = (await find(content)).map((finding) => ({
    line: lineAt(document, finding.path, lines),
    message: [...finding.path.length > 0 ? [finding.path.join('.')] : [], finding.message].join(': ')
  }))
  if (found.length > 0) throw new CheckedFileError(atLines(path, found))
  return content as Content
}

function contentOf (document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: mostAliases })
  } catch {
    throw new CheckedFileError([`${path}:1: its aliases multiply beyond all measure`])
  }
}

function atLines (path: string, problems: readonly { line: number, message: string }[]): string[] {
  const sorted = problems.toSorted((left, right) => left.line - right.line)
  return sorted.map(({ line, message }) => `${path}:${line}: ${message}`)
}

/** What a JSON Schema finds in a document, in words; unknown keys and values get a suggestion. It is compiled when it is first asked, what finds words only for what is wrong, and taken as it is: a test holds every schema of ours to the rules for schemas. */
export function prepareFindings (schema: AnySchemaObject, options: Options = {}): (content: unknown) => Finding[] {
  const prepare = (more: Options): (() => ValidateFunction) => {
    let compiled: ValidateFunction | undefined
    return () => compiled ??= new Ajv({ meta: false, validateSchema: false, code: { optimize: false }, ...options, ...more }).compile(schema)
  }
  const [judge, explain] = [prepare({}), prepare({ allErrors: true, verbose: true })]
  return (content) => {
    if (judge()(content)) return []
    const validate = explain()
    if (validate(content)) return []
    // That a name is not valid is said twice: once with the rule that it breaks.
    return (validate.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames').map(toFinding)
  }
}

function toFinding (error: ErrorObject): Finding {
  const place = error.instancePath.split('/').slice(1).map((step) => /^\d+$/.test(step) ? Number(step) : step)
  const path = error.propertyName === undefined ? place : [...place, error.propertyName]
  const { additionalProperty, allowedValues } = error.params as { additionalProperty?: string, allowedValues?: unknown[] }
  if (additionalProperty !== undefined) {
    const { properties } = error.parentSchema as { properties: Record<string, unknown> }
    const message = `unknown key "${additionalProperty}".${didYouMean(additionalProperty, Object.keys(properties))}`
    return { path: [...path, additionalProperty], message }
  }
  if (allowedValues !== undefined) {
    const hint = didYouMean(String(error.data), allowedValues.map(String))
    return { path, message: `"${String(error.data)}" is not one of ${allowedValues.join(', ')}.${hint}` }
  }
  // A regular expression tells people little; what the schema says of the field tells them what to write.
  const { description } = (error.parentSchema ?? {}) as { description?: string }
  if (error.keyword === 'pattern' && description !== undefined) return { path, message: `is not of the form that is expected here: ${description}` }
  return { path, message: tooFew(error) ?? error.message ?? error.keyword }
}

const counted: Readonly<Record<string, string>> = { minLength: 'characters', minItems: 'items', minProperties: 'entries' }

function tooFew ({ keyword, params }: ErrorObject): string | undefined {
  const noun = counted[keyword]
  const { limit } = params as { limit?: number }
  if (noun === undefined || limit === undefined) return undefined
  return limit === 1 ? 'must not be empty' : `must have at least ${limit} ${noun}`
}

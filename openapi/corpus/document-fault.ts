import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'

/** What keeps a document from being a contract whatever reads it: the kind of fault, and where. */
export interface DocumentFault { readonly kind: 'syntax' | 'dangling reference' | 'reference that is not vendored' | 'not OpenAPI 3', readonly what: string }

/**
 * Looks for what is wrong with a document itself: text that is no YAML or JSON, references that lead to nothing or to another server, no
 * `openapi: 3.x` or no `paths`. It is read apart from the loader, so that a refusal is never excused by the code that refused.
 */
export async function findDocumentFault (file: string): Promise<DocumentFault | undefined> {
  return findIn(resolve(file), new Map())
}

/** Whether a text is meant to be an OpenAPI or Swagger document: it has that member at its top, even where the rest is broken. */
export function isMeantAsContract (text: string): boolean {
  return /^\s*(?:\{|,)?\s*["']?(?:openapi|swagger)["']?\s*:/m.test(text)
}

type Documents = Map<string, unknown>

async function findIn (file: string, read: Documents): Promise<DocumentFault | undefined> {
  const isMain = read.size === 0
  const document = parseDocument(await readFile(file, 'utf8'), { merge: true, logLevel: 'silent' })
  const mistake = document.errors[0]
  if (mistake) return { kind: 'syntax', what: `${file}: ${mistake.message.split('\n', 1)[0] ?? ''}` }
  const value = tryTo(() => document.toJS({ maxAliasCount: 10_000 }) as unknown)
  if (value === undefined) return { kind: 'syntax', what: `${file}: aliases without end, or to nothing` }
  read.set(file, value)
  if (isMain && !isOpenapi(value)) return { kind: 'not OpenAPI 3', what: `${file}: it has no "openapi: 3.x" with "info" and "paths"` }
  for (const reference of referencesIn(value)) {
    const fault = await findInReference(reference, file, read)
    if (fault) return fault
  }
  return undefined
}

async function findInReference (reference: string, from: string, read: Documents): Promise<DocumentFault | undefined> {
  const [target = '', pointer = ''] = reference.split('#', 2)
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return { kind: 'reference that is not vendored', what: reference }
  const file = target === '' ? from : resolve(dirname(from), target)
  if (!read.has(file)) {
    if (!await stat(file).then((found) => found.isFile(), () => false)) return { kind: 'reference that is not vendored', what: reference }
    const fault = await findIn(file, read)
    if (fault) return fault
  }
  return valueAt(read.get(file), pointer) === undefined ? { kind: 'dangling reference', what: reference } : undefined
}

/** Every `$ref` that a document writes outside of examples, where it would be data. */
function referencesIn (value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return found
  for (const [name, member] of Object.entries(value)) {
    if (name === '$ref' && typeof member === 'string') found.add(member)
    else if (name !== 'example' && name !== 'default' && name !== 'enum') referencesIn(member, found)
  }
  return found
}

function valueAt (root: unknown, pointer: string): unknown {
  const decoded = tryTo(() => decodeURIComponent(pointer)) ?? pointer
  return (decoded === '' ? [] : decoded.slice(1).split('/')).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined, root)
}

function isOpenapi (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { openapi, info, paths, webhooks } = value as Readonly<Record<string, unknown>>
  return String(openapi).startsWith('3.') && typeof info === 'object' && typeof (paths ?? webhooks) === 'object'
}

function tryTo<T> (work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

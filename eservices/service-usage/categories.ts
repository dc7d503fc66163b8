import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { DocumentError, isObject, parseObject } from '../../openapi/document.ts'
import type { Json } from '../../openapi/document.ts'

/** Reads of which category the use of an e-service is: gives it by its name. Throws DocumentError when one is not among those that are known. */
export async function loadCategories (file: URL | string, known: ReadonlySet<string>): Promise<(eservice: string) => string> {
  const path = typeof file === 'string' ? file : fileURLToPath(file)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => { throw new DocumentError(path, `cannot be read (${error.code ?? 'unknown error'})`) })
  const { default: usual, eservices = {} } = parseObject(text, path)
  if (!isObject(eservices)) throw new DocumentError(path, 'eservices needs categories by name')
  const read = (category: Json | undefined, of: string): string => {
    if (typeof category !== 'string' || !known.has(category)) throw new DocumentError(path, `${of} is none of the categories ${[...known].join(', ')}`)
    return category
  }
  const common = read(usual, 'default')
  const own = new Map(Object.entries(eservices).map(([name, category]) => [name, read(category, name)]))
  return (eservice) => own.get(eservice) ?? common
}

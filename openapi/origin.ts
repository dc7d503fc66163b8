import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { atPointer, isObject, parseObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'

/**
 * Tells which file of a bundle a place (an RFC 6901 pointer) comes from: the contract, or the file that its component
 * was taken in from. Reads the contract and the files that it refers to; it must have been bundled without errors.
 */
export async function originOf (contract: string): Promise<(pointer: string) => string> {
  const files = new Map<string, JsonObject>()
  await read(contract, files)
  return (pointer) => {
    const component = /^\/components\/[^/]+\/[^/]+/.exec(pointer)?.[0]
    if (component === undefined) return contract
    return [...files].find(([, document]) => isWritten(atPointer(document, component)))?.[0] ?? contract
  }
}

async function read (file: string, files: Map<string, JsonObject>): Promise<void> {
  if (files.has(file)) return
  const document = parseObject(await readFile(file, 'utf8'), file)
  files.set(file, document)
  for (const target of targets(document)) await read(resolve(dirname(file), target), files)
}

function targets (value: Json): string[] {
  if (typeof value !== 'object' || value === null) return []
  const reference = isObject(value) && typeof value['$ref'] === 'string' ? value['$ref'].split('#', 1)[0] ?? '' : ''
  return reference === '' ? Object.values(value).flatMap((member: Json) => targets(member)) : [reference]
}

function isWritten (component: Json | undefined): boolean {
  if (component === undefined) return false
  const reference = isObject(component) ? component['$ref'] : undefined
  return typeof reference !== 'string' || reference.startsWith('#')
}

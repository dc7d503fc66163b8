import { schemasIn } from '../../openapi/reading/anatomy.ts'
import type { JsonObject } from '../../openapi/document.ts'
import type { Additions } from './additions.ts'

/** The formats of numbers: what a schema allows already is all that they allow. */
export function addFormats ({ document, text }: Additions): void {
  for (const { pointer, schema } of schemasIn(document)) {
    if (schema['format'] !== undefined || schema['$ref'] !== undefined) continue
    const format = schema['type'] === 'integer' ? integerFormat(schema) : schema['type'] === 'number' ? 'double' : undefined
    if (format !== undefined) text.add([...tokensOf(pointer), 'format'], format, { after: 'type' })
  }
}

function integerFormat ({ minimum, maximum }: JsonObject): string {
  return typeof minimum === 'number' && minimum >= -(2 ** 31) && typeof maximum === 'number' && maximum < 2 ** 31 ? 'int32' : 'int64'
}

function tokensOf (pointer: string): readonly string[] {
  return pointer.split('/').slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

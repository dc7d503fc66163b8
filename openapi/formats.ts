import type { Ajv } from 'ajv'
import formatsPlugin from 'ajv-formats'

const addFormats = formatsPlugin as unknown as (ajv: Ajv) => void
const openapiFormats = ['double', 'float', 'decimal32', 'decimal64', 'decimal128', 'byte', 'binary', 'password']

/** Makes the formats of JSON Schema and OpenAPI 3.0 known to a compiler of schemas: the same wherever a schema of a contract is compiled. */
export function addContractFormats (ajv: Ajv): void {
  addFormats(ajv)
  for (const format of openapiFormats) ajv.addFormat(format, true)
  ajv.addFormat('int32', { type: 'number', validate: (value: number) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31 })
  ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger })
}

import type { Ajv } from 'ajv'
import formatsPlugin from 'ajv-formats'

const addFormats = formatsPlugin as unknown as { (ajv: Ajv): void, get (name: string): unknown }

/** What a format of texts holds for; where ajv-formats has it, `also` is asked too. */
interface TextFormat { readonly also?: string, readonly holds: (text: string) => boolean }

const anyText: TextFormat = { holds: () => true }
/** RFC 7515, 7.1: the payload may be detached. */
const jws: TextFormat = { holds: (text) => /^[\w-]+\.[\w-]*\.[\w-]+$/.test(text) }
const offset = /(?:z|[+-]\d\d:\d\d)$/i

/** Where ajv-formats takes more than a format says, takes time by the square of a text's length, or does not know the format. */
const textFormats: Readonly<Record<string, TextFormat>> = {
  // RFC 3339, 5.6.
  'date-time': { also: 'date-time', holds: (text) => (text[10] === 'T' || text[10] === 't') && offset.test(text) },
  'time': { also: 'time', holds: (text) => offset.test(text) },
  'YYYY-MM-DD': { also: 'date', holds: () => true },
  // RFC 9562, 4: without urn.
  'uuid': { holds: (text) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text) },
  // RFC 5321, 4.5.3.1.
  'email': { also: 'email', holds: (text) => text.length <= 320 },
  'hostname': { also: 'hostname', holds: (text) => text.length <= 255 },
  'ipv4': { also: 'ipv4', holds: (text) => text.length <= 15 },
  'ipv6': { also: 'ipv6', holds: (text) => text.length <= 45 },
  'regex': { also: 'regex', holds: (text) => text.length <= 20_000 },
  'url': { also: 'uri', holds: () => true },
  // RFC 4648, 4.
  'byte': { holds: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) },
  'base64url': { holds: (text) => /^[\w-]*={0,2}$/.test(text) },
  'JWS': jws, 'jws': jws, 'JWT': jws, 'jwt': jws,
  'binary': anyText, 'password': anyText
}

const numberFormats: Readonly<Record<string, true | ((value: number) => boolean)>> = {
  int32: (value) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31,
  // The largest int64 is rounded up when it is read as a double; whoever must know it from its neighbours looks at its digits (exact-numbers.ts).
  int64: (value) => Number.isInteger(value) && Math.abs(value) <= 2 ** 63,
  float: true, double: true, decimal: true, decimal32: true, decimal64: true, decimal128: true
}

const others = ['date', 'duration', 'uri', 'uri-reference', 'uri-template', 'json-pointer', 'relative-json-pointer', 'iso-time', 'iso-date-time', 'json-pointer-uri-fragment']

/** Whether a format is known; what is not says nothing of a value. */
export function isKnownFormat (name: string): boolean {
  return Object.hasOwn(textFormats, name) || Object.hasOwn(numberFormats, name) || others.includes(name)
}

/** Makes the formats of JSON Schema and OpenAPI known to a compiler of schemas: the same wherever a schema of a contract is compiled. */
export function addContractFormats (ajv: Ajv): void {
  addFormats(ajv)
  for (const [name, format] of Object.entries(numberFormats)) ajv.addFormat(name, format === true ? true : { type: 'number', validate: format })
  for (const [name, { also, holds }] of Object.entries(textFormats)) {
    const base = also === undefined ? undefined : testOf(addFormats.get(also))
    ajv.addFormat(name, base ? (text: string) => holds(text) && base(text) : holds)
  }
}

function testOf (format: unknown): (text: string) => boolean {
  if (format instanceof RegExp) return (text) => format.test(text)
  if (typeof format === 'function') return format as (text: string) => boolean
  return testOf((format as { readonly validate: unknown }).validate)
}

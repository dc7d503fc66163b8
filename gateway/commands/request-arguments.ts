import type { JWTPayload } from 'jose'
import type { Operation } from '../../openapi/contract.ts'
import type { Header } from '../raw-request.ts'
import { UsageError } from './command.ts'

/** Headers that belong to the proofs or to the framing: written by hand they would only be wrong. */
const made = new Set(['host', 'authorization', 'dpop', 'digest', 'agid-jwt-signature', 'agid-jwt-trackingevidence', 'content-length', 'transfer-encoding', 'connection', 'content-type'])

/** The header fields that a person wants, those that nobody has to name among them: any answer is taken, the media type is the contract's first. Throws UsageError. */
export function headersOf ({ body: declared }: Pick<Operation, 'body'>, values: { readonly header?: readonly string[] | undefined, readonly 'content-type'?: string | undefined }, body: Buffer): readonly Header[] {
  const own = (values.header ?? []).map((text): Header => {
    const [, name = '', value = ''] = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(text) ?? []
    if (name === '') throw new UsageError(`a header is written as 'Name: value', not as ${JSON.stringify(text)}`)
    if (made.has(name.toLowerCase())) throw new UsageError(name.toLowerCase() === 'content-type' ? 'give the media type as --content-type' : `${name} is made by this command`)
    return [name, value]
  })
  const type = values['content-type'] ?? (body.length > 0 ? [...declared?.content.keys() ?? []][0] ?? 'application/json' : undefined)
  const accept: readonly Header[] = own.some(([name]) => name.toLowerCase() === 'accept') ? [] : [['Accept', '*/*']]
  return [...accept, ...own, ...type === undefined ? [] : [['Content-Type', type] as const]]
}

/** Claims written as NAME=VALUE, the value as JSON or, where it is none, as text. Throws UsageError. */
export function claimsOf (texts: readonly string[]): JWTPayload {
  return Object.fromEntries(texts.map((text) => {
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined) throw new UsageError(`a claim is written as NAME=VALUE, not as ${JSON.stringify(text)}`)
    return [name, jsonOr(value)]
  }))
}

function jsonOr (text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

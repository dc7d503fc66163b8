import { preferredType } from '../../openapi/requests/accept.ts'
import { isJsonType } from '../../openapi/answers/json-answers.ts'
import { essence } from '../../openapi/requests/media-type.ts'

/** A media type of an answer: as the contract declares it, and as it is sent. */
export interface ChosenType { readonly declared: string, readonly sent: string }

/** The declared media type that a caller accepts, in its preference and then in the contract's order; undefined when it accepts none. */
export function chooseType (declared: readonly string[], accept: string | undefined): ChosenType | undefined {
  const sent = new Map<string, string>()
  for (const type of declared) {
    const plain = essence(type)
    const concrete = plain.includes('*') ? concreteOf(plain, accept) : plain
    if (!sent.has(concrete)) sent.set(concrete, type)
  }
  const type = preferredType(accept, [...sent.keys()])
  const chosen = type === undefined ? undefined : sent.get(type)
  return type === undefined || chosen === undefined ? undefined : { declared: chosen, sent: chosen.includes('*') ? type : chosen }
}

const usual: Readonly<Record<string, string>> = { text: 'text/plain', image: 'image/png', audio: 'audio/mpeg', video: 'video/mp4', multipart: 'multipart/form-data' }

/** What stands for a declared range: what the caller asks for of it, or what is usual. */
function concreteOf (range: string, accept: string | undefined): string {
  const [group = '*'] = range.split('/')
  const asked = (accept ?? '').split(',').map(essence).find((type) => !type.includes('*') && type.includes('/') && (group === '*' || type.startsWith(`${group}/`)))
  return asked ?? usual[group] ?? 'application/json'
}

/** A value in the writing of a media type. JSON that an example gives as text stays as it is written there, where `isText` says that no text was meant. */
export function encode (type: string, value: unknown, isText: (value: unknown) => boolean): Buffer {
  const plain = essence(type)
  if (isJsonType(plain) || plain === 'application/json') return Buffer.from(typeof value === 'string' && !isText(value) && isJson(value) ? value : JSON.stringify(value))
  if (plain === 'application/x-www-form-urlencoded' && typeof value === 'object') return Buffer.from(String(new URLSearchParams(Object.entries(value ?? {}).map(([name, member]): [string, string] => [name, textOf(member)]))))
  if (/[/+]xml$/.test(plain) && typeof value === 'object') return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${xmlOf('root', value)}\n`)
  return Buffer.from(textOf(value))
}

function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function textOf (value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function xmlOf (name: string, value: unknown): string {
  const tag = name.replaceAll(/[^\w.-]/g, '_').replace(/^(?=[^A-Za-z_])/, '_')
  if (Array.isArray(value)) return value.map((item) => xmlOf(tag, item)).join('')
  const inside = typeof value === 'object' && value !== null
    ? Object.entries(value).map(([member, inner]) => xmlOf(member, inner)).join('')
    : textOf(value ?? '').replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<${tag}>${inside}</${tag}>`
}

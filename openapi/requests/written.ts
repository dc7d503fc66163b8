import type { Parameter } from '../reading/declared-parameters.ts'
import type { WrittenMember } from './typed-values.ts'

/** One value as it was written and decoded. What delimits its parts is looked for in `raw`: an encoded delimiter belongs to a part. */
export interface Written { readonly raw: string, readonly value: string }

/** How the parts of a value are taken apart; undefined where it is not written in its style. `decode` throws URIError. */
export interface Notation {
  scalar (found: readonly Written[]): string | undefined
  list (found: readonly Written[]): readonly string[] | undefined
  members (found: readonly Written[]): readonly WrittenMember[] | undefined
}

type Decode = (text: string) => string

/** The notation of a parameter, by its style and `explode` (OpenAPI 3.0.3, Style Values and Examples). */
export function notationOf ({ style, explode, in: place, name }: Pick<Parameter, 'style' | 'explode' | 'in' | 'name'>, decode: Decode): Notation {
  if (style === 'label') return label(explode, decode)
  if (style === 'matrix') return matrix(name, explode, decode)
  const delimiter = style === 'spaceDelimited' ? /%20|\+/ : style === 'pipeDelimited' ? /\||%7[Cc]/ : ','
  const isRepeated = explode && (place === 'query' || place === 'cookie')
  return {
    scalar: (found) => found.length === 1 ? found[0]?.value : undefined,
    list: (found) => isRepeated ? found.map(({ value }) => value) : found.length === 1 ? split(found[0]?.raw ?? '', delimiter, decode) : undefined,
    members: (found) => found.length !== 1 ? undefined : explode ? assigned(found[0]?.raw ?? '', ',', decode) : inTurn(split(found[0]?.raw ?? '', delimiter, decode))
  }
}

/** `.a.b`; RFC 6570, 3.2.5, and with `explode: false` also `.a,b`, as OpenAPI has it from 3.0.4 on. */
function label (explode: boolean, decode: Decode): Notation {
  const within = ([first]: readonly Written[]): string | undefined => first?.raw.startsWith('.') ? first.raw.slice(1) : undefined
  const delimiterOf = (text: string): string => !explode && text.includes(',') ? ',' : '.'
  return {
    scalar: (found) => mapped(within(found), decode),
    list: (found) => mapped(within(found), (text) => split(text, delimiterOf(text), decode)),
    members: (found) => mapped(within(found), (text) => explode ? assigned(text, '.', decode) : inTurn(split(text, delimiterOf(text), decode)))
  }
}

/** `;name=a,b` or `;name=a;name=b`; RFC 6570, 3.2.7. */
function matrix (name: string, explode: boolean, decode: Decode): Notation {
  const within = ([first]: readonly Written[]): readonly WrittenMember[] | undefined => first?.raw.startsWith(';') ? assigned(first.raw.slice(1), ';', (text) => text) : undefined
  const texts = (found: readonly Written[]): readonly string[] | undefined => {
    const members = within(found)
    return members?.every(([one]) => decode(one) === name) ? members.map(([, [text = '']]) => text) : undefined
  }
  const single = (found: readonly Written[]): string | undefined => mapped(texts(found), (all) => all.length === 1 ? all[0] : undefined)
  return {
    scalar: (found) => mapped(single(found), decode),
    list: (found) => explode ? texts(found)?.map(decode) : mapped(single(found), (text) => split(text, ',', decode)),
    members: (found) => explode ? within(found)?.map(([member, [text = '']]) => [decode(member), [decode(text)]]) : mapped(single(found), (text) => inTurn(split(text, ',', decode)))
  }
}

function mapped<From, To> (value: From | undefined, map: (value: From) => To): To | undefined {
  return value === undefined ? undefined : map(value)
}

function split (raw: string, delimiter: string | RegExp, decode: Decode): readonly string[] {
  return raw.split(delimiter).map(decode)
}

/** `name,value,name,value` */
function inTurn (texts: readonly string[]): readonly WrittenMember[] | undefined {
  if (texts.length % 2 === 1) return undefined
  return Array.from({ length: texts.length / 2 }, (_, index) => [texts[2 * index] as string, [texts[2 * index + 1] as string]])
}

/** `name=value` with a delimiter between them. */
function assigned (raw: string, delimiter: string, decode: Decode): readonly WrittenMember[] | undefined {
  const parts = raw.split(delimiter).map((part) => [part, part.indexOf('=')] as const)
  return parts.every(([, at]) => at > 0) ? parts.map(([part, at]) => [decode(part.slice(0, at)), [decode(part.slice(at + 1))]]) : undefined
}

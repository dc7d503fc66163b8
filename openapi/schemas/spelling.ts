import { isUnicode } from './pattern.ts'

/** A pattern as ECMA-262 writes it, what flags it is meant with, and what was written in another way (Java, PCRE, Python), if anything was. */
export interface Spelling { readonly pattern: string, readonly ignoreCase: boolean, readonly changes: readonly string[] }

/** Character classes that ECMA-262 has no name for, as members of a class. */
const classes: Readonly<Record<string, string>> = {
  Alnum: 'A-Za-z0-9', Alpha: 'A-Za-z', Digit: '0-9', XDigit: 'A-Fa-f0-9', Upper: 'A-Z', Lower: 'a-z', Space: ' \\t-\\r', Blank: ' \\t', Punct: '!-\\/:-@\\[-`{-~', Graph: '!-~', Print: ' -~', Cntrl: '\\x00-\\x1f\\x7f', ASCII: '\\x00-\\x7f',
  IsAlphabetic: '\\p{Alphabetic}', IsLetter: '\\p{L}', IsDigit: '\\p{Nd}', IsLatin: '\\p{Script=Latin}', IsUppercase: '\\p{Uppercase}', IsLowercase: '\\p{Lowercase}', IsWhite_Space: '\\p{White_Space}'
}
const horizontal = ' \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000'

/** Spellings whose meaning is certain: what they look like, and what they are in ECMA-262, outside of a class and inside. */
const spellings: readonly (readonly [look: RegExp, outside: (match: RegExpExecArray) => string | undefined, inside: (match: RegExpExecArray) => string | undefined])[] = [
  [/^\\h/, () => `[${horizontal}]`, () => horizontal],
  [/^\\[pP]\{\^?(\w+)\}/, ([text, name]) => classOf(text, name, true), ([text, name]) => classOf(text, name, false)],
  [/^\[:(\^?)(\w+):\]/, () => undefined, ([, not, name = '']) => not === '' ? classes[`${name[0]?.toUpperCase()}${name.slice(1)}`] : undefined],
  [/^\\A/, () => '^', () => undefined],
  [/^\\[Zz]/, () => '$', () => undefined],
  [/^\\x\{([0-9A-Fa-f]+)\}/, ([, code]) => `\\u{${code}}`, ([, code]) => `\\u{${code}}`],
  [/^\\([ae])/, ([, name]) => name === 'a' ? '\\x07' : '\\x1b', ([, name]) => name === 'a' ? '\\x07' : '\\x1b'],
  [/^\(\?P<(\w+)>/, ([, name]) => `(?<${name}>`, () => undefined],
  // ECMA-262 reads these as so many characters, which nobody means.
  [/^\{,(\d+)\}/, ([, most]) => `{0,${most}}`, () => undefined],
  [/^\(\?>/, () => '(?:', () => undefined],
  // A repetition that gives nothing back (possessive) differs from one that does only where it makes the rest fail.
  [/^([*+?]|\{\d+(?:,\d*)?\})\+/, ([, sign]) => sign, () => undefined]
]

function classOf (text = '', name = '', isOutside: boolean): string | undefined {
  const members = Object.hasOwn(classes, name) ? classes[name] : undefined
  if (members === undefined || isUnicode(`\\p{${name}}`)) return undefined
  const isNegated = text.startsWith('\\P') !== text.startsWith('\\p{^')
  return isOutside ? `[${isNegated ? '^' : ''}${members}]` : isNegated ? undefined : members
}

/** Rewrites what other languages spell in their own ways. What ECMA-262 itself takes with the flag `u` says what it says and stays as it is, but for delimiters. */
export function ecmaSpelling (pattern: string): Spelling {
  const changes: string[] = []
  let ignoreCase = false
  let rest = pattern
  // Between slashes as in a program nothing could ever match: there is no character before ^.
  const delimited = /^\/(\^(?:[^/\\]|\\.)*\$)\/([a-z]*)$/s.exec(rest)
  if (delimited && /^[gimsu]*$/.test(delimited[2] ?? '')) {
    changes.push('/…/')
    rest = delimited[1] ?? ''
    ignoreCase = delimited[2]?.includes('i') === true
  }
  const flags = /^(\^?)\(\?([iuU]+)\)/.exec(rest)
  if (flags) {
    changes.push(flags[0].replace('^', ''))
    rest = `${flags[1]}${rest.slice(flags[0].length)}`
    ignoreCase ||= flags[2]?.includes('i') === true
  }
  if (isUnicode(rest)) return { pattern: rest, ignoreCase, changes }
  return { pattern: respell(rest, changes), ignoreCase, changes }
}

function respell (pattern: string, changes: string[]): string {
  let result = ''
  let isInside = false
  for (let at = 0; at < pattern.length;) {
    const rest = pattern.slice(at, at + 60)
    const [found, text] = firstOf(rest, isInside)
    if (found !== undefined) {
      changes.push(text)
      result += found
      at += text.length
      continue
    }
    const plain = rest[0] === '\\' ? rest.slice(0, 2) : rest[0] ?? ''
    if (plain === '[') isInside = true
    if (plain === ']') isInside = false
    result += plain
    at += plain.length
  }
  return result
}

function firstOf (rest: string, isInside: boolean): readonly [found: string | undefined, text: string] {
  for (const [look, outside, inside] of spellings) {
    const match = look.exec(rest)
    const found = match ? (isInside ? inside : outside)(match) : undefined
    if (match && found !== undefined) return [found, match[0]]
  }
  return [undefined, '']
}

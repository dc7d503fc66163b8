import { RE2JS } from 're2js'
import { findPatternFault, isUnicode, longestMatched, regularExpression } from './pattern.ts'
import { ecmaSpelling } from './spelling.ts'

/** A pattern of a contract, ready to be matched with whatever is received: in time by the length of the text, or on what is shown to be cheap. */
export interface Expression {
  readonly test: (text: string) => boolean
  /** What was read in another way than it is written; undefined when nothing was. */
  readonly note: string | undefined
}

/** Why a pattern cannot be served. */
export class PatternFault extends Error {}

/**
 * Compiles a pattern (ECMA-262, as JSON Schema has it; with the flag `u` where it can be). What V8 matches cheaply it does; the rest goes to RE2, which takes
 * time by the length of the text alone. Throws PatternFault for what is no regular expression, and for what can explode and RE2 does not know (looking
 * around and back).
 */
export function expressionOf (source: string): Expression {
  const known = expressions.get(source)
  if (known) return known
  const expression = compile(source)
  if (expressions.size >= mostKnown) expressions.clear()
  expressions.set(source, expression)
  return expression
}

/** What contracts repeat, and what is compiled again at every reload. */
const expressions = new Map<string, Expression>()
const mostKnown = 5000
const longestPattern = 20_000
/** The lengths of texts, each up to the next, for which it is worked out whether a pattern is cheap. */
const lengths = [longestMatched, 16_000, 128_000, 1_000_000, 8_000_000]

function compile (source: string): Expression {
  if (source.length > longestPattern) throw new PatternFault(`is longer than ${longestPattern} characters`)
  const { pattern, ignoreCase, changes } = ecmaSpelling(source)
  const isUnicodePattern = isUnicode(pattern)
  const own = regularExpression(pattern, (isUnicodePattern ? 'u' : '') + (ignoreCase ? 'i' : ''))
  if (!own) throw new PatternFault('is no regular expression (ECMA-262)')
  const note = changes.length > 0 ? `is not written as ECMA-262 does it (${[...new Set(changes)].join(', ')}): it is read as ${pattern}` : isUnicodePattern ? undefined : 'is no regular expression with the flag u: it is read without'
  const fault = findPatternFault(pattern)
  let linear: Linear | undefined
  const inLinearTime = (): Linear => linear ??= linearExpression(pattern, ignoreCase)
  if (fault !== undefined && !inLinearTime().isKnown) throw new PatternFault(`${fault}; it cannot be matched in another way, because it looks around or back or repeats more than 1000 times`)
  const cheap = new Map<number, boolean>([[longestMatched, fault === undefined]])
  const isCheapFor = (length: number): boolean => {
    const bound = lengths.find((one) => length <= one) ?? Infinity
    const known = cheap.get(bound) ?? (bound < Infinity && findPatternFault(pattern, bound) === undefined)
    cheap.set(bound, known)
    return known
  }
  // What neither can match in time does not match: no text that long was meant.
  return { note, test: (text) => text.length <= longestMatched && fault === undefined ? own.test(text) : isCheapFor(text.length) ? own.test(text) : inLinearTime().test(text) }
}

interface Linear { readonly isKnown: boolean, test (text: string): boolean }
const unknown: Linear = { isKnown: false, test: () => false }

function linearExpression (pattern: string, ignoreCase: boolean): Linear {
  try {
    const { unsafe, linear } = linearSpelling(pattern)
    if (unsafe) return unknown
    const expression = RE2JS.compile(RE2JS.translateRegExp(linear), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
    return { isKnown: true, test: (text) => expression.test(text) }
  } catch {
    return unknown
  }
}

const spaces = '\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}'
const others = '\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}'

/** Where RE2 means something else by what ECMA-262 writes in the same way: white space, and what a dot is. `unsafe` when it takes something that differs otherwise. */
function linearSpelling (pattern: string): { readonly linear: string, readonly unsafe: boolean } {
  let linear = ''
  let isInside = false
  let unsafe = false
  for (const [token] of pattern.matchAll(/\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|.)|./gs)) {
    if (token === '\\s') linear += isInside ? spaces : `[${spaces}]`
    else if (token === '\\S') linear += isInside ? others : `[${others}]`
    else if (token === '.' && !isInside) linear += '[^\\n\\r\\x{2028}\\x{2029}]'
    // In RE2 a [ may begin a class of its own inside of one.
    else if (token === '[' && isInside) linear += '\\['
    else linear += token.replace(/^\\u\{(.*)\}$/s, '\\x{$1}').replace(/^\\p\{Script=(.*)\}$/s, '\\p{$1}')
    if (token === '[') isInside = true
    if (token === ']') isInside = false
    // Without the flag u these are characters or numbers of groups that RE2 reads in its own way.
    if (/^\\[AzQEChHRXGKZ0-9]$/.test(token)) unsafe = true
  }
  return { linear, unsafe }
}

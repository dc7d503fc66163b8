import * as fc from 'fast-check'
import t from 'tap'
import { expressionOf } from './expression.ts'
import { findPatternFault, longestMatched } from './pattern.ts'
import { workTimeOf } from '../work-time.ts'

const harmless = ['', '.', '^$', '^[A-Z]{6}\\d{2}[A-Z]\\d{2}[A-Z]\\d{3}[A-Z]$', '^(LOW|SUBSTANTIAL|HIGH)$', '^https://www\\.spid\\.gov\\.it/SpidL[123]$', '^(\\d{1,3}\\.){3}\\d{1,3}$', '^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$',
  '^[\\w.+-]+@[\\w-]+\\.[\\w.]+$', '^\\d+\\.\\d+\\.\\d+$', '\\d+', '^a+$|^b+$', '^[]x]+$', '^[^]]$', '^\\[a+\\]$', '^a{,3}$', '^(?<name>a+)$', '^(?:a|b){0,5}$', '^(?i:ab)$', '^\\u0041+\\x42+\\cA+$', '^[a\\]b(]+$', '^a+?b$', '/', '^\\bx+$', '^\\p{L}+$']

t.test('a pattern as contracts have them may be matched', async (t) => {
  for (const pattern of harmless) t.equal(findPatternFault(pattern), undefined, pattern)
})

const explosive = ['^(a+)+$', '^(a|a)+$', '^(a|b|ab)*c', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$', '\\d+\\d+', '^a+a+a+$', 'a*b*c*d*$', '^a|b+b+', '^(a?){40}$', '^(?:a{0,100}){0,100}$', '^(a*)*$', '^(((){0,2000}){0,2000}){0,2000}$', '^\\x41+A+A+$', '^(?:a|aa){100}$', '^(?<n>a+)+$']

t.test('one with which a text could keep the matcher busy is refused, and it is said what to mend', async (t) => {
  for (const pattern of explosive) t.match(findPatternFault(pattern), /^could take too long on some text: begin it with \^ and give its repetitions an end/, pattern)
})

t.test('what looks around or back is judged by its steps too, and what is no regular expression is refused', async (t) => {
  for (const pattern of ['(?=a)b', '(?!a)b', '(?<=a)b', '(?<!a)b', '^(?=.*[A-Z])(?=.*\\d).{8,}$', '(a)\\1', '(?<n>a)\\k<n>', '^(?!\\s*$).+']) t.equal(findPatternFault(pattern), undefined, pattern)
  for (const pattern of ['(?=(a+)+b)', '^(?!(a|a)*$)', '(?<=a+a+)b', '^(a*)\\1*$', '^\\p{L}+\\p{Lu}+\\p{L}+$', '^[\\p{L}]+\\u{e0}+[a-à]+$']) t.match(findPatternFault(pattern), /could take too long/, pattern)
  for (const pattern of ['[', '(', '*', 'a{2,1}', '\\', `${'('.repeat(100_000)}${')'.repeat(100_000)}`]) t.match(findPatternFault(pattern), /is no regular expression/, pattern.slice(0, 10))
})

const atoms = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '^', '$', '\\b', '')
const quantifiers = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{0,50}', '{2,}', '*?', '+?')
const { pattern: patterns } = fc.letrec<{ pattern: string, term: string }>((tie) => ({
  pattern: fc.array(fc.oneof({ weight: 4, arbitrary: tie('term') }, { weight: 1, arbitrary: fc.constant('|') }), { minLength: 1, maxLength: 5 }).map((terms) => terms.join('')),
  term: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.tuple(atoms, quantifiers).map((parts) => parts.join('')), fc.tuple(tie('pattern'), quantifiers).map(([inside, quantifier]) => `(?:${inside})${quantifier}`))
}))
const texts = fc.tuple(fc.constantFrom('a', 'b', 'ab', 'aab', '1', 'a1'), fc.constantFrom('', '!', 'c', '\n')).map(([part, end]) => part.repeat(longestMatched).slice(0, longestMatched - 1) + end)

t.test('whatever pattern passes is matched with the longest text in no time', async (t) => {
  let passed = 0
  let longest = 0
  fc.assert(fc.property(patterns, texts, (pattern, text) => {
    if (findPatternFault(pattern) !== undefined) return
    const expression = new RegExp(pattern)
    passed++
    longest = Math.max(longest, workTimeOf(() => expression.test(text)))
  }), { numRuns: 3000 })
  t.ok(passed > 500, `${passed} patterns passed`)
  t.ok(longest < 500, `the longest match took ${Math.round(longest)} ms`)
})

type Judged = readonly [yes: readonly string[], no: readonly string[], note?: RegExp]

const long = 'a'.repeat(100_000)
const expressions: Readonly<Record<string, Judged>> = {
  '^[A-Z]{2}$': [['AB'], ['ab', 'AB\n', 'ABC']],
  '^(a+)+$': [[long], [`${long}!`]],
  '(x+x+)+y': [['xxy', `${'x'.repeat(50_000)}y`], ['x'.repeat(50_000)]],
  '^\\S+\\s\\S+\\s\\S+\\s\\S+$': [['a\u00a0b\u3000c d', 'à è ì ò'], ['a b c']],
  '^(?=.*[A-Z]).{3,}$': [['aaB', `B${long}`], ['aaa', long]],
  '^(.)\\1$': [['aa'], ['ab']],
  '^\\p{L}{2}$': [['àb'], ['1a']],
  '^.$': [['\u{1f600}', 'à'], ['', '\n', '\u2028']],
  '^(.+.+)+$': [['a.b'], ['\n', '\u2028']],
  '^[a-z\\-]+\\-$': [['a-b-'], ['a_'], /is no regular expression with the flag u: it is read without/],
  '[\\w*\\h-]+': [['a', ' ', '-', '\u00a0'], ['!'], /\(\\h\)/],
  '^\\p{Alnum}+$': [['aZ9'], ['à', 'p{Alnum}'], /\\p\{Alnum\}/],
  '^[\\p{IsAlphabetic} ]+$': [['à b'], ['1'], /IsAlphabetic/],
  '^[[:upper:]]+$': [['AB'], ['ab', ':'], /\[:upper:\]/],
  '\\Aab\\Z': [['ab'], ['abc', 'AabZ'], /\\A, \\Z/],
  '^(?i)abc$': [['ABC', 'abc'], ['abd'], /\(\?i\)/],
  '(?i)^(x+x+)+y$': [['XxY'], ['xx'], /\(\?i\)/],
  '^a++b$': [['aab'], ['b'], /\+\+/],
  '^(?>a|b){1,3}+$': [['aba'], ['abab'], /\(\?>/],
  '^[a-z]{,3}$': [['', 'abc'], ['abcd', 'a{,3}'], /\{,3\}/],
  '/^ab$/i': [['AB'], ['/ab/i'], /…/],
  '^(?P<year>\\d{4})$': [['2026'], ['26'], /\(\?P<year>/],
  '^\\x{41}$': [['A'], ['x'], /\\x\{41\}/]
}

t.test('patterns are matched as ECMA-262 says, on whatever engine, and what is spelt otherwise as it is meant', async (t) => {
  for (const [pattern, [yes, no, note]] of Object.entries(expressions)) {
    const expression = expressionOf(pattern)
    for (const text of yes) t.equal(expression.test(text), true, `${pattern} takes ${encodeURIComponent(text.slice(0, 20))}`)
    for (const text of no) t.equal(expression.test(text), false, `${pattern} refuses ${encodeURIComponent(text.slice(0, 20))}`)
    t.match(expression.note ?? '', note ?? /^$/, pattern)
  }
})

t.test('a pattern that can explode and that RE2 does not know is refused, and so is one that is none', async (t) => {
  for (const pattern of ['^(?=(a+)+$)b', '^((a+)+)\\1$', '(a{1001}){1001}']) t.throws(() => expressionOf(pattern), { message: /could take too long.*looks around or back/ }, pattern)
  for (const pattern of ['[', '(?i', '(?x)a b', 'a**', 'a'.repeat(20_001)]) t.throws(() => expressionOf(pattern), { message: /is no regular expression|is longer/ }, pattern)
})

t.test('RE2 takes what V8 takes', async () => {
  const pieces = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\W', '\\d', '\\s', '\\S', '[\\s1]', '[^\\s]', '[\\S\\n]', '[^\\W]', '\\b', '(?:a|b1)', '(b|)', '\\u0041', '\\x20', '\\/', '\\.', '[\\]^-]', 'à', '\\t')
  const slow = '(?:(?:a|aa)*)*'
  const pattern = fc.array(fc.tuple(pieces, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '*?')), { minLength: 1, maxLength: 4 }).map((parts) => `^${slow}${parts.map(([piece, times]) => piece === '\\b' ? piece : piece + times).join('')}$`)
  const text = fc.array(fc.constantFrom('a', 'b', '1', ' ', '\n', '\u00a0', '\u2028', 'A', '/', '.', 'à', ']', '\t', '_', '-'), { maxLength: 6 }).map((parts) => parts.join(''))
  fc.assert(fc.property(pattern, text, (source, value) => {
    if (findPatternFault(source) === undefined) throw new Error(`${source} is matched by V8`)
    return expressionOf(source).test(value) === new RegExp(source, 'u').test(value)
  }), { numRuns: 1000 })
})

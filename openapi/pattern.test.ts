import * as fc from 'fast-check'
import t from 'tap'
import { findPatternFault, longestMatched } from './pattern.ts'

const harmless = ['', '.', '^$', '^[A-Z]{6}\\d{2}[A-Z]\\d{2}[A-Z]\\d{3}[A-Z]$', '^(LOW|SUBSTANTIAL|HIGH)$', '^https://www\\.spid\\.gov\\.it/SpidL[123]$', '^(\\d{1,3}\\.){3}\\d{1,3}$', '^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$',
  '^[\\w.+-]+@[\\w-]+\\.[\\w.]+$', '^\\d+\\.\\d+\\.\\d+$', '\\d+', '^a+$|^b+$', '^[]x]+$', '^[^]]$', '^\\[a+\\]$', '^a{,3}$', '^(?<name>a+)$', '^(?:a|b){0,5}$', '^(?i:ab)$', '^\\u0041+\\x42+\\cA+$', '^[a\\]b(]+$', '^a+?b$', '/', '^\\bx+$', '^\\p{L}+$']

t.test('a pattern as contracts have them may be matched', async (t) => {
  for (const pattern of harmless) t.equal(findPatternFault(pattern), undefined, pattern)
})

const explosive = ['^(a+)+$', '^(a|a)+$', '^(a|b|ab)*c', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$', '\\d+\\d+', '^a+a+a+$', 'a*b*c*d*$', '^a|b+b+', '^(a?){40}$', '^(?:a{0,100}){0,100}$', '^(a*)*$', '^(((){0,2000}){0,2000}){0,2000}$', '^\\x41+A+A+$', '^(?:a|aa){100}$', '^(?<n>a+)+$']

t.test('one with which a text could keep the matcher busy is refused, and it is said what to mend', async (t) => {
  for (const pattern of explosive) t.match(findPatternFault(pattern), /^could take too long on some text: begin it with \^ and give its repetitions an end/, pattern)
})

t.test('so is what looks around or back, and what is no regular expression', async (t) => {
  for (const pattern of ['(?=a)b', '(?!a)b', '(?<=a)b', '(?<!a)b']) t.match(findPatternFault(pattern), /looks ahead or behind/, pattern)
  for (const pattern of ['(a)\\1', '(?<n>a)\\k<n>']) t.match(findPatternFault(pattern), /refers back/, pattern)
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
    const started = performance.now()
    expression.test(text)
    longest = Math.max(longest, performance.now() - started)
  }), { numRuns: 3000 })
  t.ok(passed > 500, `${passed} patterns passed`)
  t.ok(longest < 500, `the longest match took ${Math.round(longest)} ms`)
})

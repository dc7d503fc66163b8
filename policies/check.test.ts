import t from 'tap'
import { explainChecks, firstFailure, shown, shownTime } from './check.ts'
import type { Check } from './check.ts'

const checks: readonly Check<{ readonly value?: number }>[] = [
  { name: 'present', code: 'voucher-claims-invalid', holds: ({ value }) => value !== undefined, expected: () => 'a value', got: ({ value }) => String(value) },
  { name: 'even', code: 'voucher-expired', holds: ({ value }) => Number(value!.toFixed()) % 2 === 0, expected: () => 'an even value', got: ({ value }) => value!.toFixed() }
]

t.test('no check fails on what passes them all', async (t) => {
  t.equal(firstFailure(checks, { value: 2 }), undefined)
})

t.test('the first check that fails is the denial, with what was expected and what came', async (t) => {
  t.match(firstFailure(checks, { value: 3 }), { denial: 'voucher-expired', check: 'even', detail: 'even: expected an even value, got 3.' })
  t.match(firstFailure(checks, {}), { denial: 'voucher-claims-invalid', check: 'present' })
})

t.test('an explanation runs every check, and one that cannot be evaluated has failed', async (t) => {
  t.match(explainChecks(checks, {}), [
    { check: 'present', outcome: 'fail', code: 'voucher-claims-invalid', mend: String },
    { check: 'even', outcome: 'fail', code: 'voucher-expired', expected: 'an even value', got: '-' }
  ])
  t.strictSame(explainChecks(checks, { value: 4 }).map(({ outcome, code }) => [outcome, code]), [['pass', undefined], ['pass', undefined]])
})

t.test('a received value is shown on one line of at most 201 characters, whatever it holds', async (t) => {
  for (const value of [undefined, null, 1, 'a\r\nSet-Cookie: b', '\u001b[31m', '\u0000', 'x'.repeat(5000), ['a'], { a: 1 }, '\u2028\u2029\u202e\u2066\u0085\u007f']) {
    const text = shown(value)
    t.notMatch(text, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/, typeof value)
    t.ok(text.length <= 201)
  }
})

t.test('a time is shown in UTC, and a number that is none as it is', async (t) => {
  t.equal(shownTime(1_795_255_200), '2026-11-21T10:00:00Z')
  t.equal(shownTime(1e300), '1e+300')
})

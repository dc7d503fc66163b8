import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { denials } from '../policies/denials.ts'
import { root } from './harness/process.ts'
import { patternTests, readCases } from './pattern-cases.ts'

t.test('a case is an assertion that says what was sent and what became of it', async (t) => {
  const tap = `TAP version 14
# Subtest: 42: a voucher comes with the scheme that it was issued for
    ok 1 - a bound voucher as Bearer: dpop-required # time=2.1ms
    ok 2 - status
    ok 3 - the record
    not ok 4 - a bound voucher and its proof: admitted
    ok 5 - a bound voucher as Bearer: dpop-required
    ok 6 - twice: no-such-code
    1..6
not ok 1 - 42: a voucher comes with the scheme that it was issued for # time=783.5ms
`
  const { tests, names, failed } = readCases(tap)
  t.equal(tests, 1)
  t.strictSame([...names], ['a bound voucher as Bearer: dpop-required', 'a bound voucher and its proof: admitted'], 'each once, and nothing that only checks one of them')
  t.equal(failed, 2)
})

t.test('every test that is counted is there, and names cases', async (t) => {
  const named = new RegExp(`: (?:\\$\\{code\\}|admitted|${Object.keys(denials).join('|')})['\`]`)
  for (const file of Object.values(patternTests).flat()) t.match(await readFile(join(root, file), 'utf8'), named, file)
})

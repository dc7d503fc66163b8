import t from 'tap'
import { Broken, examine, firstBroken } from './examination.ts'
import type { Check } from './examination.ts'
import { judgeCertificate, judgeRoom } from './own-checks.ts'
import { aheadBy, judgeClock } from './platform-checks.ts'

const check = (name: string, needs: readonly string[], run: Check<string[]>['run']): Check<string[]> => ({ name, needs, remedy: `mend ${name}`, run })

t.test('checks are run behind what they need, and what depends on a broken one is not reached', async (t) => {
  const results = await examine([
    check('one', [], (order) => { order.push('one'); return 'good' }),
    check('none', ['one'], () => undefined),
    check('two', ['one', 'none'], async (order) => { order.push('two'); throw new Broken('is bad', 'do this') }),
    check('three', ['two'], () => { throw new Error('is never run') }),
    check('four', ['three'], () => 'neither'),
    check('five', ['one'], () => ({ detail: 'good', warnings: ['but old'] })),
    check('six', [], () => { throw new Error('unexpected') })
  ], [], 1000)
  t.match(results.map(({ name, state, detail }) => [name, state, detail]), [['one', 'passed', 'good'], ['none', 'nothing', 'nothing to check'], ['two', 'failed', 'is bad'], ['three', 'unreached', 'depends on two'], ['four', 'unreached', 'depends on three'], ['five', 'passed', 'good'], ['six', 'failed', 'unexpected']])
  t.match(firstBroken(results), { name: 'two', remedy: 'do this' })
  t.equal(results[6]?.remedy, 'mend six', 'the remedy of its row where none is known better')
  t.strictSame(results[5]?.warnings, ['but old'])
  t.equal(firstBroken(results.slice(0, 2)), undefined)
})

t.test('a check has its own deadline, and holds up only what depends on it', async (t) => {
  const results = await examine([check('hangs', [], async () => new Promise(() => undefined)), check('behind', ['hangs'], () => 'good'), check('other', [], () => 'good')], [], 50)
  t.match(results, [{ state: 'failed', detail: 'no answer within 0.05 s' }, { state: 'unreached' }, { state: 'passed' }])
})

t.test('a clock is judged by whole seconds, and by when they were told', (t) => {
  t.equal(aheadBy(10_000, 10_400, 10_600), 0, 'it may be the same')
  t.equal(aheadBy(20_000, 10_400, 10_600), 9400)
  t.equal(aheadBy(1000, 10_400, 10_600), -8400)
  t.throws(() => judgeClock(9400), { message: 'the clock of this machine is 9 s behind the platform\'s' })
  t.throws(() => judgeClock(-8400), { message: /8 s ahead of/ })
  t.type(judgeClock(-4000), 'string')
  t.match(judgeClock(undefined), { warnings: [/does not say/] })
  t.end()
})

t.test('a disk has room, has little, or has none', (t) => {
  const gibibyte = 1024 ** 3
  t.match(judgeRoom({ bytes: 5 * gibibyte, inodes: Infinity }, '/s'), { detail: '/s, 5.0 GiB free', warnings: [] })
  t.match(judgeRoom({ bytes: gibibyte / 2, inodes: 100_000 }, '/s'), { warnings: [/only 512 MiB/] })
  t.throws(() => judgeRoom({ bytes: 1000, inodes: 100_000 }, '/s'), { message: /only 0 MiB/, remedy: /make room/ })
  t.throws(() => judgeRoom({ bytes: 5 * gibibyte, inodes: 3 }, '/s'), { message: /only 3 inodes/ })
  t.end()
})

t.test('a file without a certificate is told', (t) => {
  const faults: string[] = []
  judgeCertificate('a.pem', 'nothing', 0, faults)
  t.strictSame(faults, ['a.pem: there is no certificate in it'])
  t.end()
})

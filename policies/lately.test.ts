import t from 'tap'
import { Lately } from './lately.ts'

t.test('the last half of what was noted is there, and never more than all', (t) => {
  const lately = new Lately<{ readonly at: number }>(10)
  const known = (upTo: number): readonly number[] => Array.from({ length: upTo }, (_, at) => at).filter((at) => lately.get(String(at)))
  for (let at = 0; at < 1000; at++) {
    lately.set(String(at), { at })
    t.strictSame(lately.get(String(at)), { at })
  }
  const left = known(1000)
  t.ok(left.length >= 5 && left.length <= 10, String(left))
  t.strictSame(left.slice(-5), [995, 996, 997, 998, 999])
  t.end()
})

t.test('what is asked for stays, however much is noted', (t) => {
  const lately = new Lately<{ readonly at: number }>(10)
  lately.set('asked', { at: -1 })
  for (let at = 0; at < 1000; at++) {
    lately.set(String(at), { at })
    t.ok(lately.get('asked'))
  }
  t.end()
})

t.test('what is noted again has its new value, and nothing is left of what is cleared', (t) => {
  const lately = new Lately<{ readonly at: number }>(4)
  for (const at of [1, 2, 3]) lately.set('a', { at })
  lately.set('b', { at: 4 })
  lately.set('c', { at: 5 })
  lately.set('a', { at: 6 })
  t.strictSame([lately.get('a'), lately.get('b'), lately.get('c')], [{ at: 6 }, { at: 4 }, { at: 5 }])
  lately.clear()
  t.strictSame(['a', 'b', 'c'].map((key) => lately.get(key)), [undefined, undefined, undefined])
  t.end()
})

import t from 'tap'
import { AnswerHead } from './answer-head.ts'

const value = (name: string): unknown => head().get(name)
const head = (): AnswerHead => new AnswerHead(['vary', 'a', 'Vary', 'b', 'age', '1', 'VARY', ['c', 'd']])

t.test('a field that is there several times counts as one', (t) => {
  t.strictSame([value('vary'), value('Age'), value('x')], [['a', 'b', 'c', 'd'], '1', undefined])
  const one = head()
  one.set('Vary', 'x')
  t.strictSame([one.get('vary'), one.get('age')], ['x', '1'])
  one.append('VARY', 'y')
  t.strictSame(one.get('vary'), ['x', 'y'])
  const none = head()
  none.remove('vary')
  t.strictSame([none.get('vary'), none.get('age')], [undefined, '1'])
  const more = head()
  more.append('vary', 'e')
  t.strictSame(more.get('vary'), ['a', 'b', 'c', 'd', 'e'])
  t.end()
})

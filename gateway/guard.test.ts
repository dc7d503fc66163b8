import t from 'tap'
import type { Denial } from '../policies/denials.ts'
import type { Exchange } from './exchange.ts'
import { guard } from './guard.ts'

t.test('a step that throws, at once or later, is a 500 of its own call', async (t) => {
  const refused: Denial[] = []
  const refuse = (_exchange: Exchange, denial: Denial): void => { refused.push(denial) }
  guard({} as Exchange, refuse, () => { throw new Error('at once') })
  guard({} as Exchange, refuse, async () => Promise.reject(new Error('later')))
  guard({} as Exchange, refuse, () => undefined)
  guard({} as Exchange, refuse, async () => Promise.resolve())
  await new Promise((resolve) => { setImmediate(resolve) })
  t.strictSame(refused.map(({ denial, reason }) => [denial, reason]), [['internal-error', 'at once'], ['internal-error', 'later']])
})

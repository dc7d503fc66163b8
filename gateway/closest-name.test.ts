import t from 'tap'
import { closestName, didYouMean } from './closest-name.ts'

t.test('the nearest name is suggested, whatever its case', async (t) => {
  t.equal(closestName('publised', ['Draft', 'Published', 'Suspended']), 'Published')
  t.equal(closestName('ticket', ['tickets', 'surveys']), 'tickets')
  t.equal(closestName('istta', ['inps', 'istat']), 'istat')
  t.equal(didYouMean('istt', ['istat']), ' Did you mean "istat"?')
})

t.test('nothing is suggested when nothing is near', async (t) => {
  t.equal(closestName('weather', ['tickets', 'surveys']), undefined)
  t.equal(closestName('x', []), undefined)
  t.equal(didYouMean('weather', ['tickets']), '')
})

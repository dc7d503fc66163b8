import t from 'tap'
import { Flights } from './flight.ts'
import type { Landing } from './flight.ts'

t.test('those that wait are told once, and whoever comes later at once', (t) => {
  const flights = new Flights()
  const flight = flights.open('a')
  const told: Landing[] = []
  flight.wait((landing) => told.push(landing))
  flight.wait((landing) => told.push(landing))
  t.equal(flights.find('a'), flight)
  flight.settle('again')
  flight.settle('alone')
  flight.wait((landing) => told.push(landing))
  t.strictSame(told, ['again', 'again', 'again'])
  t.equal(flights.find('a'), undefined)
  t.end()
})

t.test('a flight that ends does not end the next one of its key', (t) => {
  const flights = new Flights()
  const first = flights.open('a')
  const second = flights.open('a')
  first.settle('alone')
  t.equal(flights.find('a'), second)
  second.settle('alone')
  t.end()
})

t.test('nobody waits longer than its limit', async (t) => {
  const flight = new Flights().open('a')
  flight.limit(100_000)
  flight.limit(1)
  t.equal(await new Promise((resolve) => { flight.wait(resolve) }), 'alone')
})

import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createEventLog } from './event-log.ts'

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const start = Date.parse('2026-11-21T10:00:00Z')
const added = { eventType: 'CLIENT_KEY_ADDED', subject: { kid: 'k' } }
const query = { tenantId: 'a', limit: 10_000 }

t.test('ids are UUIDs of version 7 that grow, though the clock stands still or goes back', async (t) => {
  let now = start
  const log = createEventLog(() => now, randomUUID)
  const ids: string[] = []
  for (let count = 0; count < 5000; count++) ids.push(log.emit('keyEvents', added).id)
  now = start - 60_000
  ids.push(log.emit('keyEvents', added).id)
  now = start + 60_000
  ids.push(log.emit('keyEvents', added).id)
  t.strictSame(ids.toSorted(), ids)
  t.equal(new Set(ids).size, ids.length)
  t.ok(ids.every((id) => uuid7.test(id)))
  t.strictSame(log.read('keyEvents', query).map(({ id }) => id), ids)
})

t.test('readers go on after the last event that they know, even one of an earlier run', async (t) => {
  const earlier = createEventLog(() => start - 1000, randomUUID).emit('keyEvents', added)
  const later = createEventLog(() => start + 1000, randomUUID).emit('keyEvents', added)
  const log = createEventLog(() => start, randomUUID)
  const events = [1, 2, 3].map(() => log.emit('keyEvents', added))
  t.strictSame(log.read('keyEvents', { ...query, lastEventId: events[0]!.id, limit: 1 }), [events[1]])
  t.strictSame(log.read('keyEvents', { ...query, lastEventId: events[0]!.id.toUpperCase() }), events.slice(1))
  t.strictSame(log.read('keyEvents', { ...query, lastEventId: events[2]!.id }), [])
  t.strictSame(log.read('keyEvents', { ...query, lastEventId: earlier.id }), events)
  t.strictSame(log.read('keyEvents', { ...query, lastEventId: later.id }), [])
})

t.test('what concerns two tenants is not told to a third, nor on another channel', async (t) => {
  const log = createEventLog(() => start, randomUUID)
  const event = log.emit('purposeEvents', { eventType: 'PURPOSE_ARCHIVED', subject: { purposeId: 'p' }, seenBy: ['a', 'b'] })
  t.strictSame(event, { id: event.id, eventType: 'PURPOSE_ARCHIVED', eventTimestamp: '2026-11-21T10:00:00.000Z', purposeId: 'p' })
  for (const [tenantId, seen] of [['a', 1], ['b', 1], ['c', 0]] as const) t.equal(log.read('purposeEvents', { ...query, tenantId }).length, seen)
  t.equal(log.read('agreementEvents', query).length, 0)
})

t.test('it does not grow for ever', async (t) => {
  const log = createEventLog(() => start, randomUUID)
  const first = log.emit('keyEvents', added)
  for (let count = 0; count < 10_000; count++) log.emit('keyEvents', added)
  const kept = log.read('keyEvents', { tenantId: 'a', limit: 20_000 })
  t.equal(kept.length, 10_000)
  t.notOk(kept.some(({ id }) => id === first.id))
})

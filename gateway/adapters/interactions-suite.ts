import type { Test } from 'tap'
import type { Interaction, Interactions } from '../../policies/interactions.ts'

/** The time at which the suite lives, in epoch ms. What it looks for is of vouchers that were issued then, long enough after `open` for every keeper to be sure. */
export const now = Date.parse('2026-11-21T10:00:00Z')
export const id = (last: number): string => `5e9f0c1a-7b3d-4e26-9a58-${String(last).padStart(12, '0')}`

/** An interaction that was started now and is remembered for an hour, but for the changes. */
export function startOf (last: number, changes: Partial<Interaction> = {}): Interaction {
  return { id: id(last), clientId: id(81), consumerId: id(82), eserviceId: id(83), descriptorId: id(84), state: 'start_interaction', startedAt: now, forgetAt: now + 3_600_000, ...changes }
}

/** What every keeper of interactions must do, wherever it keeps them. `open` gives one that knows of none, for so many at most, and was opened a minute ago. */
export async function testInteractions (t: Test, open: (t: Test, capacity?: number) => Promise<Interactions>): Promise<void> {
  await t.test('what was put is found, until its time is over', async (t) => {
    const interactions = await open(t)
    const started = startOf(1)
    t.equal(await interactions.find(id(1), now, now), undefined)
    t.equal(await interactions.replace(undefined, started, now), 'done')
    t.strictSame(await interactions.find(id(1), now + 3_599_999, now), started)
    t.equal(await interactions.find(id(1), now + 3_600_000, now), undefined)
    t.equal(await interactions.find(id(2), now, now), undefined, 'another one is another one')
  })

  await t.test('a step is taken from what is known, and from nothing else', async (t) => {
    const interactions = await open(t)
    const started = startOf(1)
    await interactions.replace(undefined, started, now)
    t.equal(await interactions.replace(undefined, startOf(1), now), 'changed', 'it was started before')
    t.equal(await interactions.replace(startOf(1), startOf(1, { state: 'get_resource' }), now), 'changed', 'it is not what was found')
    const fetched = startOf(1, { state: 'get_resource' })
    t.equal(await interactions.replace(started, fetched, now), 'done')
    t.equal(await interactions.replace(started, startOf(1, { state: 'get_resource' }), now), 'changed')
    t.strictSame(await interactions.find(id(1), now, now), fetched)
  })

  await t.test('of a hundred at once exactly one starts', async (t) => {
    const interactions = await open(t)
    const outcomes = await Promise.all(Array.from({ length: 100 }, async () => interactions.replace(undefined, startOf(1), now)))
    t.equal(outcomes.filter((outcome) => outcome === 'done').length, 1)
    t.equal(outcomes.filter((outcome) => outcome === 'changed').length, 99)
  })

  await t.test('a step can be taken back, unless another came after it', async (t) => {
    const interactions = await open(t)
    const started = startOf(1)
    await interactions.replace(undefined, started, now)
    interactions.restore(undefined, started)
    t.equal(await interactions.find(id(1), now, now), undefined)
    const again = startOf(1)
    await interactions.replace(undefined, again, now)
    const fetched = startOf(1, { state: 'get_resource' })
    await interactions.replace(again, fetched, now)
    interactions.restore(undefined, again)
    t.strictSame(await interactions.find(id(1), now, now), fetched)
    const repeated = startOf(1, { state: 'get_resource' })
    t.equal(await interactions.replace(fetched, repeated, now), 'done')
    interactions.restore(again, fetched)
    t.strictSame(await interactions.find(id(1), now, now), repeated, 'a repetition stands on its own')
    interactions.restore(fetched, repeated)
    t.strictSame(await interactions.find(id(1), now, now), fetched)
  })

  await t.test('when it is full nothing begins, and what is under way goes on; room comes back with time', async (t) => {
    const interactions = await open(t, 2)
    const first = startOf(1)
    await interactions.replace(undefined, first, now)
    await interactions.replace(undefined, startOf(2, { forgetAt: now + 60_000 }), now)
    t.equal(await interactions.replace(undefined, startOf(3), now), 'unavailable')
    t.equal(await interactions.replace(first, startOf(1, { state: 'get_resource' }), now), 'done')
    t.equal(await interactions.replace(undefined, startOf(3), now + 59_999), 'unavailable')
    t.equal(await interactions.replace(undefined, startOf(3), now + 60_000), 'done')
    t.equal(await interactions.find(id(3), now + 60_000, now) === undefined, false)
  })
}

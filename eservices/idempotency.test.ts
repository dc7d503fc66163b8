import { createHash } from 'node:crypto'
import t from 'tap'
import { idempotencyMigration, once } from './idempotency.ts'
import { testStores } from './test-stores.ts'

for (const { name, only, open } of testStores) t.test(`done once in ${name}`, only, async (t) => {
  const database = await (await open(t))('things', [idempotencyMigration])
  t.teardown(async () => database.close())
  let done = 0
  const send = async (body: unknown, { consumerId = 'a', key = 'k', at = 100, keptFrom = 50 } = {}) =>
    database.transaction(async (store) => once(store, { consumerId, key, body, at, keptFrom }, async () => ({ number: ++done })))

  t.test('the same body under the same key is done once, in whatever order its members come', async (t) => {
    const first = await send({ one: 1, two: { x: [1, 2], y: null } })
    t.strictSame(await send({ two: { y: null, x: [1, 2] }, one: 1 }), first)
    t.equal(done, 1)
  })

  t.test('another body under the same key is a 422, however small the difference', async (t) => {
    for (const body of [{ one: 1, two: { x: [2, 1], y: null } }, { one: '1', two: { x: [1, 2], y: null } }, { one: 1, two: { x: [1, 2] } }, [], null]) {
      await t.rejects(send(body), { status: 422, code: 'idempotency-key-reused', errors: [{ in: 'header', pointer: '/Idempotency-Key' }] })
    }
    t.equal(done, 1)
  })

  t.test('each consumer has its own keys', async (t) => {
    t.strictSame(await send('other', { consumerId: 'b' }), { number: 2 })
    t.strictSame(await send('other', { consumerId: 'b' }), { number: 2 })
  })

  t.test('a key is forgotten with what was remembered before `keptFrom`', async (t) => {
    await send('old', { key: 'old', at: 10, keptFrom: 0 })
    t.strictSame(await send('old', { key: 'old', at: 20, keptFrom: 10 }), { number: 3 }, 'the limit itself is kept')
    t.strictSame(await send('new', { key: 'old', at: 21, keptFrom: 11 }), { number: 4 })
  })

  t.test('what failed is not remembered', async (t) => {
    await t.rejects(database.transaction(async (store) => once(store, { consumerId: 'a', key: 'failed', body: 1, at: 100, keptFrom: 0 }, async () => { throw new Error('no') })), { message: 'no' })
    t.strictSame(await send(2, { key: 'failed' }), { number: 5 })
  })

  t.test('neither a key nor a plain hash of a body is stored', async (t) => {
    await send('yes', { key: 'a-random-key' })
    const rows = JSON.stringify(await database.query('SELECT * FROM done_once'))
    t.notMatch(rows, /a-random-key|yes/)
    for (const encoding of ['hex', 'base64url'] as const) t.notOk(rows.includes(createHash('sha256').update('"yes"').digest(encoding)))
  })
})

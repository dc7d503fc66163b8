import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { startHarness } from '../harness.ts'
import { sqliteIn } from '../sqlite-database.ts'
import { surveys } from './surveys.ts'

const basePath = '/rest/surveys/v1'
const stateDir = await mkdtemp(join(tmpdir(), 'surveys-'))
let clock = new Date('2026-03-10T12:00:00Z')
const harness = await startHarness(surveys, basePath, { openDatabase: sqliteIn(stateDir), now: () => clock })
t.teardown(async () => {
  await harness.close()
  await rm(stateDir, { recursive: true })
})

const usual = { solved: 'yes', ease: '4', experience: '5', recommend: '9' }
const toSheet = (options: readonly (readonly string[])[]) => ({
  answers: options.map(([question, option]) => ({ question, option }))
})
const sheet = (changes = {}) => toSheet(Object.entries({ ...usual, ...changes }))
const batch = (sheets: readonly unknown[], changes = {}) =>
  ({ serviceKind: 'online-service', version: '1.0.0', period: '2026-03', sheets, ...changes })
const call = { operationId: 'submitAnswers', method: 'POST', path: '/answers' }
const someone = '00000000-0000-4000-8000-00000000000a'
const submit = async (body: unknown, key: string = crypto.randomUUID(), consumerId = someone) =>
  harness.call({ ...call, headers: { 'idempotency-key': key }, body, caller: { consumerId } })
const store = new DatabaseSync(join(stateDir, 'surveys.sqlite'), { readOnly: true })
t.teardown(() => { store.close() })
const number = (sql: string, consumerId: string): number =>
  Number(Object.values(store.prepare(sql).get(consumerId) ?? {})[0])
const stored = (consumerId: string): number =>
  number('SELECT total(withheld + published) FROM tallies WHERE administration = ?', consumerId)

t.test('a batch is accepted and counted for the administration of the verified call', async (t) => {
  const consumerId = '00000000-0000-4000-8000-000000000101'
  const { status, body } = await submit(batch([sheet(), sheet({ device: 'phone' })]), undefined, consumerId)
  t.equal(status, 202)
  t.same(body, { acceptedSheets: 2, acceptedAnswers: 9 })
  t.equal(stored(consumerId), 9)
})

t.test('a body that names an administration is a 400', async (t) => {
  t.equal((await submit(batch([sheet()], { administration: 'x' }))).status, 400)
})

t.test('a repeated batch gets the same receipt and counts nothing twice', async (t) => {
  const [consumerId, key] = ['00000000-0000-4000-8000-000000000102', crypto.randomUUID()]
  const answers = await Promise.all([1, 2, 3].map(async () => submit(batch([sheet()]), key, consumerId)))
  t.same(answers.map(({ status, body }) => [status, body.acceptedAnswers]), [[202, 4], [202, 4], [202, 4]])
  t.equal((await submit(batch([sheet()]), key.toUpperCase(), consumerId)).status, 202)
  const reordered = Object.fromEntries(Object.entries(batch([sheet()])).toReversed())
  t.equal((await submit(reordered, key, consumerId)).status, 202, 'also with its members in another order')
  t.equal(stored(consumerId), 4)
})

t.test('a key that comes back with another batch is a 422; another administration may use it', async (t) => {
  const key = crypto.randomUUID()
  t.equal((await submit(batch([sheet()]), key)).status, 202)
  const reused = await submit(batch([sheet(), sheet()]), key)
  t.equal(reused.status, 422)
  t.equal(reused.body.code, 'idempotency-key-reused')
  const other = '00000000-0000-4000-8000-000000000103'
  t.equal((await submit(batch([sheet()]), key, other)).status, 202)
  t.equal(stored(other), 4)
})

t.test('a key is remembered for seven days', async (t) => {
  const [consumerId, key] = ['00000000-0000-4000-8000-000000000104', crypto.randomUUID()]
  const receipts = () => number('SELECT count(*) FROM done_once WHERE consumer_id = ?', consumerId)
  await submit(batch([sheet()]), key, consumerId)
  clock = new Date('2026-03-17T12:00:00Z')
  await submit(batch([sheet()]))
  t.equal(receipts(), 1)
  clock = new Date('2026-03-18T12:00:00Z')
  await submit(batch([sheet()]))
  t.equal(receipts(), 0)
})

t.test('without an Idempotency-Key, or with one that is no UUID, a batch is a 400', async (t) => {
  t.equal((await harness.call({ ...call, body: batch([sheet()]) })).status, 400)
  t.equal((await submit(batch([sheet()]), 'one')).status, 400)
})

t.test('every place that does not fit the questionnaire is listed, and nothing is counted', async (t) => {
  const consumerId = '00000000-0000-4000-8000-000000000105'
  const misfit = toSheet([
    ['solved', 'mario-rossi'], ['solved', 'yes'], ['weather', 'good'], ['ease', '6'], ['recommend', '0']
  ])
  const { status, body, text } = await submit(batch([sheet(), misfit]), undefined, consumerId)
  t.equal(status, 422)
  t.same(body.errors.map(({ pointer, rule }: any) => [pointer, rule]), [
    ['/sheets/1/answers/0/option', 'unknown-option'],
    ['/sheets/1/answers/1/question', 'answered-twice'],
    ['/sheets/1/answers/2/question', 'unknown-question'],
    ['/sheets/1/answers/3/option', 'unknown-option'],
    ['/sheets/1/answers', 'missing-answer']
  ])
  t.notMatch(text, 'mario-rossi')
  t.equal(stored(consumerId), 0)
})

t.test('the list of misfits ends at one hundred', async (t) => {
  const { body } = await submit(batch(Array.from({ length: 200 }, () => sheet({ ease: '9' }))))
  t.equal(body.errors.length, 100)
})

t.test('a questionnaire, version or month that is not open is a 422', async (t) => {
  const rule = async (changes: object) => (await submit(batch([sheet()], changes))).body.errors[0].rule
  t.equal(await rule({ serviceKind: 'taxi' }), 'unknown-questionnaire')
  t.equal(await rule({ version: '2.0.0' }), 'unknown-questionnaire')
  t.equal(await rule({ period: '2026-04' }), 'closed-month')
  t.equal(await rule({ period: '2026-01' }), 'closed-month')
  t.equal((await submit(batch([sheet()], { period: '2026-02' }))).status, 202)
})

t.test('the month that is open is the Italian one', async (t) => {
  clock = new Date('2026-03-31T22:30:00Z')
  t.equal((await submit(batch([sheet()], { period: '2026-04' }))).status, 202)
  clock = new Date('2026-03-18T12:00:00Z')
})

t.test('free text and dates have no place in a sheet', async (t) => {
  for (const stowaway of [{ comment: 'x' }, { answeredAt: '2026-03-10T12:00:00Z' }, { email: 'x@example.it' }]) {
    t.equal((await submit(batch([{ ...sheet(), ...stowaway }]))).status, 400)
  }
})

t.test('the store holds counts, a day, and no trace of keys, sheets or their order', async (t) => {
  const key = crypto.randomUUID()
  await submit(batch([sheet()]), key)
  const columns = (table: string) =>
    store.prepare('SELECT name FROM pragma_table_info(?)').all(table).map(({ name }) => name)
  const group = ['service_kind', 'version', 'administration', 'period', 'question']
  t.same(columns('tallies'), [...group, 'option', 'withheld', 'published'])
  t.same(columns('looks'), [...group, 'fresh'])
  t.same(columns('done_once'), ['consumer_id', 'key_hash', 'fingerprint', 'answer', 'at'])
  t.match(store.prepare('SELECT DISTINCT at FROM done_once').all(), [{ at: 20260318 }], 'not the hour')
  for (const table of ['tallies', 'looks', 'done_once']) {
    t.throws(() => store.prepare(`SELECT rowid FROM ${table}`).all(), /no such column/)
  }
  for (const file of ['surveys.sqlite', 'surveys.sqlite-wal']) {
    t.notMatch(await readFile(join(stateDir, file), 'latin1'), key)
  }
})

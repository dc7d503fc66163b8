import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { getJson, obtainApiVoucher } from './interop-fixture.ts'
import { postJson, startSandbox, testTime } from './sandbox-fixture.ts'

let now = testTime
t.beforeEach(() => { now = testTime })
const options = { now: () => now, voucherRate: { limit: 1000, interval: 1000 } }
const sandbox = await startSandbox(t, options)
const [milano, firenze] = [await obtainApiVoucher(sandbox, 'v2'), await obtainApiVoucher(sandbox, 'v2', 'firenze')]
const [tickets, serviceUsage] = ['istat-tickets', 'istat-service-usage'].map((alias) => sandbox.idOf('purposes', alias))
const header = 'date,purpose_id,status,token_id,requests_count'
const csv = (date: string, purpose = tickets, more = ''): string => `${header}\n${date},${purpose},200,${randomUUID()},3\n${more}`

async function send (path: string, fields: Readonly<Record<string, string | undefined>>, authorization = `Bearer ${milano}`): Promise<{ status: number, body: any }> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.set(name, name === 'file' ? new Blob([value], { type: 'text/csv' }) : value)
  const response = await fetch(`${sandbox.url}/tracings/${path}`, { method: 'POST', headers: { authorization }, body: form })
  return { status: response.status, body: await response.json() }
}
const submit = async (date: string, file = csv(date), authorization?: string) => send('submit', { date, file }, authorization)
const get = async (path: string, voucher = milano) => getJson(`${sandbox.url}/tracings${path}`, { authorization: `Bearer ${voucher}` })
const listed = async (states = '', voucher = milano): Promise<string[]> => ((await get(`?offset=0&limit=50${states === '' ? '' : `&states=${states}`}`, voucher)).body as { results: { date: string, state: string }[] }).results.map(({ date, state }) => `${date} ${state}`)
const codeOf = ({ status, body }: { status: number, body: any }): string => `${status} ${body.errors?.[0]?.code}`

t.test('a file is pending, then completed; a second one for its day is refused', async (t) => {
  const answer = await submit('2026-11-18')
  t.match(answer, { status: 200, body: { tracingId: /^[0-9a-f-]{36}$/, errors: false } })
  t.strictSame(await listed('PENDING,COMPLETED'), ['2026-11-18 PENDING'])
  t.equal(codeOf(await send(`${answer.body.tracingId}/replace`, { file: csv('2026-11-18') })), '409 TRACING_CANNOT_BE_UPDATED')
  now += 500
  t.strictSame(await listed('PENDING,COMPLETED'), ['2026-11-18 COMPLETED'])
  t.equal(codeOf(await submit('2026-11-18')), '400 TRACING_ALREADY_EXISTS')
  t.equal(codeOf(await send(`${answer.body.tracingId}/recover`, { file: csv('2026-11-18') })), '409 TRACING_CANNOT_BE_UPDATED')
  t.match(await send(`${answer.body.tracingId}/replace`, { file: csv('2026-11-18') }), { status: 200, body: answer.body.tracingId && { tracingId: answer.body.tracingId } })
})

t.test('a day that is not over is refused', async (t) => {
  for (const date of ['2026-11-21', '2026-11-22', '2027-01-01']) t.equal(codeOf(await submit(date)), '400 INVALID_TRACING_DATE', date)
  // 23:30 in UTC is the next day in Rome.
  now = Date.parse('2026-11-21T23:30:00Z')
  t.equal((await submit('2026-11-21')).status, 401, 'the voucher of the morning is over by then')
})

t.test('days without a file are missing two days later, and recovered; a missing day cannot be submitted', async (t) => {
  t.strictSame((await listed()).filter((line) => line.endsWith('MISSING')), ['2026-11-19 MISSING'], 'yesterday may still come')
  t.equal(codeOf(await submit('2026-11-19')), '400 TRACING_ALREADY_EXISTS')
  const { results: [missing] } = (await get('?offset=0&limit=50&states=MISSING')).body
  t.equal(codeOf(await send(`${missing.tracingId}/replace`, { file: csv('2026-11-19') })), '409 TRACING_CANNOT_BE_UPDATED')
  t.equal((await send(`${missing.tracingId}/recover`, { file: csv('2026-11-19') })).status, 200)
})

t.test('what is wrong is told row by row, in pages; the whole file has to be sent again', async (t) => {
  const date = '2026-11-20'
  const bad = Array.from({ length: 60 }, () => `${date},${randomUUID()},499,x,1\n`).join('')
  const { body: { tracingId } } = await submit(date, csv(date, tickets, bad))
  now += 1000
  t.ok((await listed('ERROR')).includes(`${date} ERROR`))
  const page = await get(`/${tracingId}/errors?offset=50&limit=50`)
  t.equal(page.body.totalCount, 120, 'two of each row: what is wrong in itself is not looked up')
  t.equal(page.body.results.length, 50)
  t.match(page.body.results[0], { severity: 'INVALID', errorCode: /^INVALID_(STATUS_CODE|TOKEN)$/, rowNumber: 27 })
  t.match(await submit('2026-11-16'), { status: 200, body: { errors: true } }, 'the tenant has a faulty day')
  t.equal((await send(`${tracingId}/recover`, { file: csv(date) })).status, 200)
  now += 1000
  t.strictSame((await get(`/${tracingId}/errors?offset=0&limit=50`)).body, { results: [], totalCount: 0 })
  t.notOk((await listed('ERROR')).includes(`${date} ERROR`))
})

t.test('a purpose of others is a warning, and the file counts', async (t) => {
  const { body: { tracingId } } = await submit('2026-11-15', csv('2026-11-15', serviceUsage))
  now += 1000
  t.ok((await listed('WARNING')).includes('2026-11-15 WARNING'))
  t.match((await get(`/${tracingId}/errors?offset=0&limit=1`)).body, { totalCount: 1, results: [{ severity: 'WARNING', errorCode: 'TENANT_IS_NOT_PRODUCER_OR_CONSUMER', rowNumber: 1, purposeId: serviceUsage }] })
  t.equal((await send(`${tracingId}/replace`, { file: csv('2026-11-15') })).status, 200)
})

t.test('tenants see their own tracings only; another one is told as a fault, as the platform does', async (t) => {
  t.strictSame(await listed('', firenze), [])
  const { body: { tracingId } } = await submit('2026-11-14')
  t.equal((await get(`/${tracingId}/errors?offset=0&limit=1`, firenze)).status, 500)
  t.equal(codeOf(await send(`${tracingId}/recover`, { file: csv('2026-11-14') }, `Bearer ${firenze}`)), '500 UNAUTHORIZED_ERROR')
  t.equal(codeOf(await send(`${randomUUID()}/recover`, { file: csv('2026-11-14') })), '404 TRACING_NOT_FOUND')
})

t.test('requests that are none', async (t) => {
  const bound = await obtainApiVoucher(sandbox, 'v3')
  const eservice = (await postJson(`${sandbox.url}/debug/vouchers`, { client: 'istat', purpose: 'istat-tickets' })).body.access_token as string
  t.equal(codeOf(await submit('2026-11-10', undefined, `bearer ${milano}`)), '400 MISSING_HEADER', 'the scheme is written exactly so')
  t.equal(codeOf(await submit('2026-11-10', undefined, `DPoP ${bound}`)), '400 MISSING_HEADER')
  for (const voucher of [bound, eservice, 'none']) t.equal(codeOf(await submit('2026-11-10', undefined, `Bearer ${voucher}`)), '401 JWT_DECODING_ERROR')
  t.equal(codeOf(await send('submit', { date: '2026-11-10' })), '400 BAD_REQUEST_ERROR')
  t.equal(codeOf(await send('submit', { file: csv('2026-11-10') })), '400 BAD_REQUEST_ERROR')
  t.equal(codeOf(await send('submit', { date: '10/11/2026', file: csv('2026-11-10') })), '400 BAD_REQUEST_ERROR')
  for (const query of ['', '?offset=0', '?offset=0&limit=0', '?offset=0&limit=51', '?offset=-1&limit=1', '?offset=0&limit=1&states=DONE']) t.equal((await get(query)).status, 400, query)
  t.equal((await fetch(`${sandbox.url}/tracings/submit`, { method: 'POST', headers: { authorization: `Bearer ${milano}`, 'content-type': 'multipart/form-data; boundary=x' }, body: 'no form' })).status, 400)
})

t.test('a restart forgets nothing, and the debug endpoint tells of all', async (t) => {
  now += 1000
  const before = await listed()
  const again = await startSandbox(t, { ...options, stateDir: sandbox.stateDir })
  const { body } = await getJson(`${again.url}/tracings?offset=0&limit=50`, { authorization: `Bearer ${milano}` })
  t.strictSame(body.results.map(({ date, state }: { date: string, state: string }) => `${date} ${state}`), before)
  t.match((await getJson(`${again.url}/debug/tracings`)).body.tracings.find(({ date }: { date: string }) => date === '2026-11-18'), { state: 'COMPLETED', version: 2, rows: 1, calls: 3, tenantId: sandbox.idOf('tenants', 'comune-di-milano') })
  const file = join(sandbox.stateDir, 'tracings.json')
  t.notOk((await readFile(file, 'utf8')).includes(milano.split('.')[2]!))
  await writeFile(file, 'no JSON')
  await t.rejects(startSandbox(t, { ...options, stateDir: sandbox.stateDir }), { message: /not what the sandbox wrote/ })
})

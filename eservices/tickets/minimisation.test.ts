import t from 'tap'
import { startHarness } from '../harness.ts'
import { demoTickets } from './demo-tickets.ts'
import { prepareMinimisation } from './minimisation.ts'
import { tickets } from './tickets.ts'

const basePath = '/rest/tickets/v1'
const entitled = { purposeId: '11111111-1111-4111-8111-111111111111' }
const others = { purposeId: '22222222-2222-4222-8222-222222222222' }
const citizen = {
  fullName: 'Persona Segnaposto',
  fiscalCode: 'YYYYYY00H00Z000Q',
  contact: 'segnaposto@cittadini.example',
  message: 'Parole segnaposto'
}
const anonymous = { channel: 'scrivi', topic: 'tributi', serviceKind: 'assistenza', subject: 'informazioni-tari' }
const newTicket = { ...anonymous, citizen }
const personal = /citizen|Persona|YYYYYY|ZZZZZZ|\.example|Parole|fiscalCode/i

const harness = await startHarness(tickets, basePath, { settings: { demoTickets: 'seed', personalDataPurposes: ` ${entitled.purposeId.toUpperCase()} ,` } })
t.teardown(harness.close)
const { ticketId: demo, openedBy } = demoTickets[0] as (typeof demoTickets)[number]

async function read (caller: object, ticketId = demo, headers = {}) {
  return harness.call({ operationId: 'readTicket', path: `/tickets/${ticketId}`, caller, headers })
}

async function open (caller: object, key: string, body: unknown = newTicket) {
  return harness.call({ operationId: 'openTicket', method: 'POST', path: '/tickets', headers: { 'idempotency-key': key }, body, caller })
}

async function change (caller: object, ticketId: string, state: string, ifMatch: string) {
  const headers = { 'content-type': 'application/merge-patch+json', 'if-match': ifMatch }
  return harness.call({ operationId: 'changeTicketState', method: 'PATCH', path: `/tickets/${ticketId}`, headers, body: { state }, caller })
}

function wholeOf ({ text, headers }: { text: string, headers: Headers }): string {
  return `${text} ${[...headers].join(' ')}`
}

t.test('without the setting no purpose sees the citizen', (t) => {
  for (const setting of [undefined, '', ' ,']) {
    t.notOk('citizen' in prepareMinimisation(setting)(demoTickets[0] as (typeof demoTickets)[number], entitled.purposeId))
  }
  t.end()
})

t.test('a setting that is not a list of purpose ids stops the start and is not repeated in the error', async (t) => {
  const settings = { personalDataPurposes: `${entitled.purposeId}, all` }
  await t.rejects(startHarness(tickets, basePath, { settings }), {
    message: 'setting personalDataPurposes: entry 2 is not the id of a purpose; write ids (UUIDs) separated by commas'
  })
})

t.test('an entitled purpose sees the citizen in every answer', async (t) => {
  const opened = await open(entitled, 'entitled-1')
  t.strictSame(opened.body.citizen, citizen)
  t.strictSame((await read(entitled, opened.body.ticketId)).body.citizen, citizen)
  t.strictSame((await change(entitled, opened.body.ticketId, 'assigned', '*')).body.citizen, citizen)
  const path = '/tickets?channel=scrivi&state=assigned&limit=1'
  const { body } = await harness.call({ operationId: 'listTickets', path, caller: entitled })
  t.strictSame(body.items[0].citizen, citizen)
})

t.test('any other purpose sees no trace of it, in body, headers or errors', async (t) => {
  const opened = await open(others, 'others-1')
  const { ticketId } = opened.body
  const answers = [
    opened,
    await open(others, 'others-1'),
    await open(others, 'others-1', { ...newTicket, citizen: { fullName: 'Persona Diversa' } }),
    await open(others, 'others-2', { ...newTicket, citizen: { ...citizen, fiscalCode: 'YYYYYY' } }),
    await read(others, ticketId),
    await read(others),
    await change(others, ticketId, 'closed', '*'),
    await change(others, ticketId, 'assigned', '"stale"'),
    await change(others, ticketId, 'assigned', '*'),
    await change({ ...others, consumerId: openedBy }, ticketId, 'resolved', '*'),
    await harness.call({ operationId: 'listTickets', path: '/tickets', caller: others }),
    await harness.call({ operationId: 'listTickets', path: '/tickets', caller: others, headers: { accept: 'text/csv' } })
  ]
  t.strictSame(answers.map(({ status }) => status), [201, 201, 422, 400, 200, 200, 409, 412, 200, 403, 200, 200])
  for (const answer of answers) t.notMatch(wholeOf(answer).replaceAll('/citizen/fiscalCode', ''), personal)
})

t.test('a repeated opening gives each purpose its own view', async (t) => {
  const first = await open(entitled, 'replay-1')
  const replayed = await open(others, 'replay-1')
  t.equal(replayed.status, 201)
  t.equal(replayed.body.ticketId, first.body.ticketId)
  t.notMatch(wholeOf(replayed), personal)
  t.strictSame((await open(entitled, 'replay-1')).body, first.body)
})

t.test('each view has its own tag, and a tag serves only its own view', async (t) => {
  const full = (await read(entitled)).headers.get('etag') ?? ''
  const minimal = (await read(others)).headers.get('etag') ?? ''
  t.not(full, minimal)
  t.equal((await read(others, demo, { 'if-none-match': full })).status, 200)
  t.equal((await read(others, demo, { 'if-none-match': minimal })).status, 304)
  t.equal((await change({ ...others, consumerId: openedBy }, demo, 'assigned', full)).status, 412)
  t.equal((await change({ ...others, consumerId: openedBy }, demo, 'assigned', minimal)).status, 200)
})

t.test('the tag of a view without citizen does not depend on the citizen', async (t) => {
  const now = new Date('2026-03-01T10:00:00.000Z')
  const tagWith = async (body: object): Promise<string | null> => {
    const other = await startHarness(tickets, basePath, { now: () => now, randomUUID: () => '33333333-3333-4333-8333-333333333333' })
    const headers = { 'idempotency-key': 'k' }
    const opened = await other.call({ operationId: 'openTicket', method: 'POST', path: '/tickets', headers, body })
    await other.close()
    return opened.headers.get('etag')
  }
  t.equal(await tagWith(newTicket), await tagWith(anonymous))
})

t.test('nothing of the citizen can be searched or sorted by', async (t) => {
  const queries = ['fiscalCode=YYYYYY00H00Z000Q', 'citizen=x', 'fullName=x', 'contact=x', 'sort=fullName', 'citizen.fiscalCode=x']
  for (const query of queries) {
    t.equal((await harness.call({ operationId: 'listTickets', path: `/tickets?${query}`, caller: entitled })).status, 400, query)
  }
})

t.test('a table of tickets carries no personal data even for an entitled purpose', async (t) => {
  const { text } = await harness.call({ operationId: 'listTickets', path: '/tickets', caller: entitled, headers: { accept: 'text/csv' } })
  t.notMatch(text, personal)
})

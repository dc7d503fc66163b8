import t from 'tap'
import { startHarness } from '../harness.ts'
import { demoTickets } from './demo-tickets.ts'
import { tickets } from './tickets.ts'

const basePath = '/rest/tickets/v1'
const granted = { id: 'assistenza', version: 1 }
const citizen = {
  fullName: 'Persona Segnaposto',
  fiscalCode: 'YYYYYY00H00Z000Q',
  contact: 'segnaposto@cittadini.example',
  message: 'Parole segnaposto'
}
const newTicket = { channel: 'scrivi', topic: 'tributi', serviceKind: 'assistenza', subject: 'informazioni-tari', citizen }
const personal = /citizen|Persona|YYYYYY|ZZZZZZ|\.example|Parole|fiscalCode/i

const harness = await startHarness(tickets, basePath, { settings: { demoTickets: 'seed' } })
t.teardown(harness.close)
const { ticketId: demo, openedBy } = demoTickets[0] as (typeof demoTickets)[number]
type Grant = typeof granted | undefined

async function read (grant: Grant, ticketId = demo, headers = {}) {
  return harness.call({ operationId: 'readTicket', path: `/tickets/${ticketId}`, grant, headers })
}

async function open (grant: Grant, key: string, body: unknown = newTicket) {
  return harness.call({ operationId: 'openTicket', method: 'POST', path: '/tickets', headers: { 'idempotency-key': key }, body, grant })
}

async function change (grant: Grant, ticketId: string, state: string, ifMatch: string, caller = {}) {
  const headers = { 'content-type': 'application/merge-patch+json', 'if-match': ifMatch }
  return harness.call({ operationId: 'changeTicketState', method: 'PATCH', path: `/tickets/${ticketId}`, headers, body: { state }, grant, caller })
}

async function list (grant: Grant, query = '', headers = {}) {
  return harness.call({ operationId: 'listTickets', path: `/tickets${query}`, grant, headers })
}

function wholeOf ({ text, headers }: { text: string, headers: Headers }): string {
  return `${text} ${[...headers].join(' ')}`
}

t.test('under a grant the citizen is in every answer: what the grant withholds the gateway takes out', async (t) => {
  const opened = await open(granted, 'granted-1')
  t.strictSame(opened.body.citizen, citizen)
  t.strictSame((await read(granted, opened.body.ticketId)).body.citizen, citizen)
  t.strictSame((await change(granted, opened.body.ticketId, 'assigned', '*')).body.citizen, citizen)
  t.strictSame((await list(granted, '?channel=scrivi&state=assigned&limit=1')).body.items[0].citizen, citizen)
})

t.test('without a grant there is no trace of it, in body, headers or errors', async (t) => {
  const none = undefined
  const opened = await open(none, 'none-1')
  const { ticketId } = opened.body
  const answers = [
    opened,
    await open(none, 'none-1'),
    await open(none, 'none-1', { ...newTicket, citizen: { fullName: 'Persona Diversa' } }),
    await open(none, 'none-2', { ...newTicket, citizen: { ...citizen, fiscalCode: 'YYYYYY' } }),
    await read(none, ticketId),
    await read(none),
    await change(none, ticketId, 'closed', '*'),
    await change(none, ticketId, 'assigned', '"stale"'),
    await change(none, ticketId, 'assigned', '*'),
    await change(none, ticketId, 'resolved', '*', { consumerId: openedBy }),
    await list(none),
    await list(none, '', { accept: 'text/csv' })
  ]
  t.strictSame(answers.map(({ status }) => status), [201, 201, 422, 400, 200, 200, 409, 412, 200, 403, 200, 200])
  for (const answer of answers) t.notMatch(wholeOf(answer).replaceAll('/citizen/fiscalCode', ''), personal)
})

t.test('a repeated opening gives each its own view', async (t) => {
  const first = await open(granted, 'replay-1')
  const replayed = await open(undefined, 'replay-1')
  t.equal(replayed.status, 201)
  t.equal(replayed.body.ticketId, first.body.ticketId)
  t.notMatch(wholeOf(replayed), personal)
  t.strictSame((await open(granted, 'replay-1')).body, first.body)
})

t.test('each view has its own tag, and a tag serves only its own view', async (t) => {
  const full = (await read(granted)).headers.get('etag') ?? ''
  const minimal = (await read(undefined)).headers.get('etag') ?? ''
  const own = { consumerId: openedBy }
  t.not(full, minimal)
  t.equal((await read(undefined, demo, { 'if-none-match': full })).status, 200)
  t.equal((await read(undefined, demo, { 'if-none-match': minimal })).status, 304)
  t.equal((await change(undefined, demo, 'assigned', full, own)).status, 412)
  t.equal((await change(undefined, demo, 'assigned', minimal, own)).status, 200)
})

t.test('nothing of the citizen can be searched or sorted by', async (t) => {
  const queries = ['fiscalCode=YYYYYY00H00Z000Q', 'citizen=x', 'fullName=x', 'contact=x', 'sort=fullName', 'citizen.fiscalCode=x']
  for (const query of queries) t.equal((await list(granted, `?${query}`)).status, 400, query)
})

t.test('a table of tickets carries no personal data even under a grant', async (t) => {
  t.notMatch((await list(granted, '', { accept: 'text/csv' })).text, personal)
})

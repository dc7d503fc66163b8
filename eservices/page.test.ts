import { fileURLToPath } from 'node:url'
import t from 'tap'
import { loadContract } from '../openapi/contract.ts'
import { startHarness } from './harness.ts'
import { eservices } from './list.ts'
import { surveys } from './surveys/surveys.ts'
import { tickets } from './tickets/tickets.ts'

const harness = await startHarness(tickets, '/rest/tickets/v1', { settings: { demoTickets: 'seed' } })
const questionnaires = await startHarness(surveys, '/rest/surveys/v1')
t.teardown(async () => Promise.all([harness.close(), questionnaires.close()]))

/** The target that a Link header names as the next page. */
function nextOf (headers: Headers): string | undefined {
  return /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
}

t.test('a page links to the next one: same path, same filters, the cursor replaced', async (t) => {
  const path = '/channels?measure=tickets&limit=2'
  const first = await harness.call({ operationId: 'listChannels', path })
  t.equal(nextOf(first.headers), `/rest/tickets/v1${path}&cursor=${first.body.nextCursor}`)
  const second = await harness.call({ operationId: 'listChannels', path: `/channels?cursor=${first.body.nextCursor}&limit=1&measure=tickets` })
  t.equal(nextOf(second.headers), `/rest/tickets/v1/channels?limit=1&measure=tickets&cursor=${second.body.nextCursor}`)
  t.not(second.body.nextCursor, first.body.nextCursor)
})

t.test('whoever reads CSV gets to the end by the links', async (t) => {
  for (const [name, operationId, query] of [['channels', 'listChannels', 'period=2023'], ['tickets', 'listTickets', 'openedTo=2024-04-01T00:00:00%2B02:00']] as const) {
    const whole = await harness.call({ operationId, path: `/${name}?${query}`, headers: { accept: 'text/csv' } })
    t.equal(whole.headers.get('link'), null, 'the only page has no next one')
    const lines: string[] = []
    for (let path: string | undefined = `/${name}?${query}&limit=2`; path !== undefined;) {
      const { headers, text } = await harness.call({ operationId, path, headers: { accept: 'text/csv' } })
      lines.push(...text.split('\r\n').slice(lines.length === 0 ? 0 : 1, -1))
      path = nextOf(headers)?.slice('/rest/tickets/v1'.length)
    }
    t.strictSame(lines, whole.text.split('\r\n').slice(0, -1), name)
  }
})

t.test('a page of CSV that got a next one is another representation, although its rows are the same', async (t) => {
  const path = '/tickets?limit=6'
  const before = await harness.call({ operationId: 'listTickets', path, headers: { accept: 'text/csv' } })
  t.equal(before.headers.get('link'), null)
  const body = { channel: 'scrivi', topic: 'tributi', serviceKind: 'assistenza', subject: 'altro' }
  const earlier = await startHarness(tickets, '/rest/tickets/v1', { settings: { demoTickets: 'seed' }, now: () => new Date('2023-01-01T00:00:00Z') })
  t.teardown(earlier.close)
  await earlier.call({ operationId: 'openTicket', method: 'POST', path: '/tickets', headers: { 'idempotency-key': 'k' }, body })
  const after = await earlier.call({ operationId: 'listTickets', path, headers: { accept: 'text/csv' } })
  t.equal(after.text, before.text)
  t.ok(nextOf(after.headers))
  t.not(after.headers.get('etag'), before.headers.get('etag'))
})

t.test('pages that are not CSV link to the next one too', async (t) => {
  const { headers, body } = await questionnaires.call({ operationId: 'listQuestionnaires', path: '/questionnaires?limit=1' })
  t.equal(nextOf(headers), `/rest/surveys/v1/questionnaires?limit=1&cursor=${body.nextCursor}`)
})

t.test('every contract declares the link where there are pages, and only there', async (t) => {
  for (const { name, contract } of eservices) {
    for (const { id, parameters, responseHeaders } of (await loadContract(fileURLToPath(contract))).operations) {
      t.equal(responseHeaders.includes('link'), parameters.some((parameter) => parameter.name === 'cursor'), `${name} ${id}`)
    }
  }
})

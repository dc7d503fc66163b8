import t from 'tap'
import { startHarness } from '../harness.ts'
import { testStores } from '../test-stores.ts'
import { demoTickets } from './demo-tickets.ts'
import { tickets } from './tickets.ts'

const basePath = '/rest/tickets/v1'
const newTicket = { channel: 'scrivi', topic: 'tributi', serviceKind: 'assistenza', subject: 'informazioni-tari' }
const istat = '0d5e8b71-94a2-4b6f-bc3d-21f7a6e09d03'
type Harness = Awaited<ReturnType<typeof startHarness>>

for (const { name, only, open } of testStores) t.test(`tickets in ${name}`, only, async (t) => {
  // Two stores for all tests: one holds only what the tests open, at an instant they choose; nobody opens anything in the other.
  let now = Date.parse('2026-03-01T10:00:00.000Z')
  const harness = await startHarness(tickets, basePath, { openDatabase: await open(t), now: () => new Date(now) })
  const demo = await startHarness(tickets, basePath, { openDatabase: await open(t), settings: { demoTickets: 'seed' } })
  t.teardown(async () => Promise.all([harness.close(), demo.close()]))

  async function count (): Promise<number> {
    return (await list(harness, '?limit=500')).body.items.length
  }

  async function openTicket (harness: Harness, key: string, body: unknown = newTicket, caller = {}) {
    return harness.call({ operationId: 'openTicket', method: 'POST', path: '/tickets', headers: { 'idempotency-key': key }, body, caller })
  }

  async function read (harness: Harness, ticketId: string, headers = {}) {
    return harness.call({ operationId: 'readTicket', path: `/tickets/${ticketId}`, headers })
  }

  async function change (harness: Harness, ticketId: string, state: string, ifMatch?: string, caller = {}) {
    const headers = { 'content-type': 'application/merge-patch+json', ...(ifMatch !== undefined && { 'if-match': ifMatch }) }
    return harness.call({ operationId: 'changeTicketState', method: 'PATCH', path: `/tickets/${ticketId}`, headers, body: { state }, caller })
  }

  async function list (harness: Harness, query = '', headers = {}) {
    return harness.call({ operationId: 'listTickets', path: `/tickets${query}`, headers })
  }

  t.test('an empty store is filled with the demonstration tickets, and a store with tickets is left alone', async (t) => {
    const openDatabase = await open(t)
    const first = await startHarness(tickets, basePath, { openDatabase, settings: { demoTickets: 'seed' } })
    t.equal((await list(first)).body.items.length, demoTickets.length)
    const { body } = await openTicket(first, 'k1')
    const { nextCursor } = (await list(first, '?limit=1')).body
    await first.close()
    const second = await startHarness(tickets, basePath, { openDatabase, settings: { demoTickets: 'seed' } })
    t.teardown(second.close)
    t.equal((await list(second)).body.items.length, demoTickets.length + 1)
    t.strictSame((await read(second, body.ticketId)).body, body, 'what was opened survives a restart')
    t.equal((await list(second, `?limit=1&cursor=${nextCursor}`)).status, 200, 'so does a cursor')
  })

  t.test('a store stays empty unless the demonstration tickets are asked for', async (t) => {
    t.strictSame((await list(harness)).body, { items: [] })
  })

  t.test('nobody can be behind a demonstration ticket', (t) => {
    const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
    const ordinal = (character: string): number => /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65
    for (const { citizen } of demoTickets.filter((ticket) => ticket.citizen?.fiscalCode)) {
      const code = citizen?.fiscalCode ?? ''
      const weight = (character: string, index: number): number => index % 2 === 0 ? odd[ordinal(character)] ?? 0 : ordinal(character)
      const sum = Array.from(code.slice(0, 15), weight).reduce((one, other) => one + other)
      t.not(code[15], String.fromCharCode(65 + sum % 26), `${code} has a wrong check character`)
      t.equal(code.slice(9, 11), '00', 'and no month has a day 00')
    }
    t.end()
  })

  t.test('a ticket is opened with a place and a tag, and can be read there', async (t) => {
    const opened = await openTicket(harness, 'opened')
    t.equal(opened.status, 201)
    t.strictSame(opened.body, {
      ticketId: opened.body.ticketId,
      state: 'open',
      ...newTicket,
      openedAt: '2026-03-01T10:00:00.000Z',
      updatedAt: '2026-03-01T10:00:00.000Z',
      openedBy: '00000000-0000-4000-8000-000000000002'
    })
    t.equal(opened.headers.get('location'), `${basePath}/tickets/${opened.body.ticketId}`)
    const found = await read(harness, opened.body.ticketId)
    t.strictSame(found.body, opened.body)
    t.equal(found.headers.get('etag'), opened.headers.get('etag'))
    t.strictSame([found, opened, await harness.call({ operationId: 'listTickets', path: '/tickets' })].map(({ headers }) => headers.get('cache-control')), ['no-cache', 'no-store', 'no-cache'], 'whoever asks, it is for them alone')
    t.match(await read(harness, opened.body.ticketId, { 'if-none-match': found.headers.get('etag') ?? '' }), { status: 304, text: '' })
    t.match(await read(harness, '00000000-0000-4000-8000-00000000ffff'), { status: 404, body: { code: 'ticket-not-found' } })
    t.equal((await read(harness, 'not-an-id')).status, 400)
  })

  t.test('a ticket that does not follow the contract is not opened', async (t) => {
    const before = await count()
    const badCitizen = { ...newTicket, citizen: { fullName: 'X', fiscalCode: 'RSSMRA' } }
    const bad = [{}, { ...newTicket, channel: 'fax' }, { ...newTicket, state: 'closed' }, badCitizen, [], 'no json']
    for (const [index, body] of bad.entries()) t.equal((await openTicket(harness, `k${index}`, body)).status, 400)
    const missing = await harness.call({ operationId: 'openTicket', method: 'POST', path: '/tickets', body: newTicket })
    t.match(missing, { status: 400, body: { detail: /Idempotency-Key/ } })
    t.equal(await count(), before)
  })

  t.test('the same key with the same body opens one ticket and gives the same answer again', async (t) => {
    const before = await count()
    const answers = await Promise.all(Array.from({ length: 10 }, async () => openTicket(harness, 'same')))
    const [first] = answers
    for (const answer of answers) {
      t.equal(answer.status, 201)
      t.equal(answer.text, first?.text)
      for (const header of ['location', 'etag']) t.equal(answer.headers.get(header), first?.headers.get(header))
    }
    t.equal(await count(), before + 1)
    await change(harness, first?.body.ticketId, 'assigned', '*')
    t.equal((await openTicket(harness, 'same')).text, first?.text, 'also after the ticket has moved on')
    const reordered = Object.fromEntries(Object.entries(newTicket).toReversed())
    t.equal((await openTicket(harness, 'same', reordered)).text, first?.text, 'also with its members in another order')
  })

  t.test('the same key with another body is refused, and another consumer has its own keys', async (t) => {
    const before = await count()
    const first = await openTicket(harness, 'other')
    t.match(await openTicket(harness, 'other', { ...newTicket, topic: 'sociale' }), { status: 422, body: { code: 'idempotency-key-reused' } })
    const other = await openTicket(harness, 'other', { ...newTicket, topic: 'sociale' }, { consumerId: '00000000-0000-4000-8000-0000000000ff' })
    t.equal(other.status, 201)
    t.not(other.body.ticketId, first.body.ticketId)
    t.equal(await count(), before + 2)
  })

  t.test('a key is kept for 24 hours', async (t) => {
    const first = await openTicket(harness, 'kept')
    now += 24 * 60 * 60 * 1000 - 1
    t.equal((await openTicket(harness, 'kept')).body.ticketId, first.body.ticketId)
    now += 1
    t.not((await openTicket(harness, 'kept')).body.ticketId, first.body.ticketId)
  })

  t.test('a ticket moves only along its life', async (t) => {
    const states = ['open', 'assigned', 'resolved', 'closed', 'reopened']
    const legal = new Set([
      'open assigned', 'assigned resolved', 'resolved closed', 'resolved reopened', 'closed reopened', 'reopened assigned'
    ])
    const paths: Record<string, string[]> = {
      open: [],
      assigned: ['assigned'],
      resolved: ['assigned', 'resolved'],
      closed: ['assigned', 'resolved', 'closed'],
      reopened: ['assigned', 'resolved', 'reopened']
    }
    for (const from of states) {
      for (const to of states) {
        const { body } = await openTicket(harness, `${from}-${to}`)
        for (const step of paths[from] ?? []) t.equal((await change(harness, body.ticketId, step, '*')).status, 200)
        const { status } = await change(harness, body.ticketId, to, '*')
        t.equal(status, legal.has(`${from} ${to}`) ? 200 : 409, `${from} to ${to}`)
        t.equal((await read(harness, body.ticketId)).body.state, status === 200 ? to : from)
      }
    }
  })

  t.test('a refused transition says which ones are possible', async (t) => {
    const { body } = await change(demo, '00000000-0000-4000-8000-00000000c003', 'assigned', '*', { consumerId: istat })
    t.match(body, {
      status: 409,
      code: 'illegal-transition',
      detail: 'A ticket that is resolved cannot become assigned; it can become closed or reopened.'
    })
  })

  t.test('a change needs the tag of the ticket as it is now', async (t) => {
    const { body: { ticketId, openedAt }, headers } = await openTicket(harness, 'tag')
    const tag = headers.get('etag') ?? ''
    now += 5000
    t.match(await change(harness, ticketId, 'assigned'), { status: 428, body: { code: 'if-match-required' } })
    t.match(await change(harness, ticketId, 'assigned', '"another"'), { status: 412, body: { code: 'ticket-changed' } })
    t.equal((await change(harness, ticketId, 'assigned', `W/${tag}`)).status, 412, 'a weak tag never matches')
    const changed = await change(harness, ticketId, 'assigned', `"another", ${tag}`)
    t.match(changed, { status: 200, body: { state: 'assigned', openedAt, updatedAt: new Date(now).toISOString() } })
    t.equal((await read(harness, ticketId)).headers.get('etag'), changed.headers.get('etag'))
    t.equal((await change(harness, ticketId, 'resolved', tag)).status, 412, 'the first tag is stale')
    t.equal((await change(harness, ticketId, 'resolved', changed.headers.get('etag') ?? '')).status, 200, 'the tag of the change is not')
    t.equal((await change(harness, '00000000-0000-4000-8000-00000000ffff', 'assigned', '*')).status, 404)
  })

  t.test('only the consumer that opened a ticket changes it, and everyone who is authorised reads it', async (t) => {
    const { body: { ticketId }, headers } = await openTicket(harness, 'mine')
    const other = { consumerId: '00000000-0000-4000-8000-0000000000ff' }
    const seen = await harness.call({ operationId: 'readTicket', path: `/tickets/${ticketId}`, caller: other })
    t.equal(seen.status, 200)
    for (const ifMatch of [seen.headers.get('etag') ?? '', '*', '"stale"', undefined]) {
      t.match(await change(harness, ticketId, 'assigned', ifMatch, other), { status: 403, body: { code: 'ticket-of-another-consumer' } })
    }
    t.equal((await change(harness, ticketId, 'closed', '*', other)).status, 403, 'whether the state could be reached is not told')
    t.equal((await read(harness, ticketId)).headers.get('etag'), headers.get('etag'), 'nothing changed')
    const colleague = { clientId: '00000000-0000-4000-8000-0000000000aa', purposeId: '00000000-0000-4000-8000-0000000000ab' }
    t.equal((await change(harness, ticketId, 'assigned', '*', colleague)).status, 200, 'another client or purpose of the same consumer may')
  })

  t.test('of changes made at once with the same tag one wins', async (t) => {
    const { body: { ticketId }, headers } = await openTicket(harness, 'race')
    const tag = headers.get('etag') ?? ''
    const answers = await Promise.all(Array.from({ length: 8 }, async () => change(harness, ticketId, 'assigned', tag)))
    t.strictSame(answers.map(({ status }) => status).toSorted((one, other) => one - other), [200, 412, 412, 412, 412, 412, 412, 412])
  })

  t.test('only the state can be changed, only with a merge patch', async (t) => {
    const ticketId = '00000000-0000-4000-8000-00000000c001'
    const patch = async (body: unknown, type = 'application/merge-patch+json') => {
      const headers = { 'content-type': type, 'if-match': '*' }
      return demo.call({ operationId: 'changeTicketState', method: 'PATCH', path: `/tickets/${ticketId}`, headers, body, caller: { consumerId: istat } })
    }
    for (const body of [{}, { state: null }, { state: 'lost' }, { state: 'assigned', topic: 'sociale' }, []]) {
      t.equal((await patch(body)).status, 400)
    }
    t.equal((await patch({ state: 'assigned' }, 'application/json')).status, 400)
    t.equal((await read(demo, ticketId)).body.state, 'open')
  })

  t.test('tickets are listed newest first and filtered by every parameter', async (t) => {
    const ids = async (query: string): Promise<string> => {
      const { body } = await list(demo, query)
      return body.items.map(({ ticketId }: { ticketId: string }) => ticketId.slice(-1)).join('')
    }
    t.equal(await ids(''), '123456')
    t.equal(await ids('?state=closed'), '46')
    t.equal(await ids('?channel=scrivi'), '25')
    t.equal(await ids('?topic=polizia-locale'), '24')
    t.equal(await ids('?serviceKind=informativa'), '146')
    t.equal(await ids('?subject=verbali'), '24')
    t.equal(await ids('?openedFrom=2024-03-04T10:30:00Z'), '123', 'openedFrom is included')
    t.equal(await ids('?openedTo=2024-03-04T10:30:00Z'), '456', 'openedTo is excluded')
    t.equal(await ids('?openedFrom=2024-03-04T11:30:00%2B01:00&openedTo=2024-03-18T14:40:00Z'), '3', 'offsets are understood')
    t.equal(await ids('?channel=infoline&state=closed'), '4')
    t.equal(await ids('?state=closed&topic=sociale'), '')
    const leapSecond = 'openedTo=2016-12-31T23:59:60Z'
    const noSuchDay = 'openedFrom=2024-02-31T00:00:00Z'
    const bad = ['state=lost', 'openedFrom=yesterday', noSuchDay, leapSecond, 'sort=openedAt', 'state=open&state=closed']
    for (const query of bad) {
      t.equal((await list(demo, `?${query}`)).status, 400, query)
    }
  })

  t.test('pages neither repeat nor skip a ticket while others are opened', async (t) => {
    const opened: string[] = []
    for (let index = 0; index < 7; index++) opened.push((await openTicket(harness, `paged-${index}`)).body.ticketId)
    const seen: string[] = []
    let cursor = ''
    do {
      const { body } = await list(harness, `?limit=2${cursor}`)
      seen.push(...body.items.map(({ ticketId }: { ticketId: string }) => ticketId))
      cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : ''
      await openTicket(harness, `later-${seen.length}`)
    } while (cursor !== '')
    t.equal(new Set(seen).size, seen.length)
    t.ok(opened.every((ticketId) => seen.includes(ticketId)))
  })

  t.test('a cursor that was altered, made up, respelt or taken to another search is refused', async (t) => {
    const { nextCursor } = (await list(demo, '?limit=2&channel=infoline')).body as { nextCursor: string }
    t.equal((await list(demo, `?limit=1&channel=infoline&cursor=${nextCursor}`)).status, 200, 'another page size is fine')
    const recode = (edit: (text: string) => string): string => {
      const text = Buffer.from(nextCursor, 'base64url').toString()
      return Buffer.from(edit(text)).toString('base64url')
    }
    const bad = [
      'x', 'MTAw', nextCursor.slice(0, -1), `${nextCursor}A`, nextCursor.toLowerCase(),
      recode((text) => text.replace('c0', 'c1')), recode((text) => text.replace(/^\d/, '2')), recode((text) => `${text}x`),
      recode((text) => text.slice(0, -22)), recode((text) => text.slice(0, 36))
    ]
    for (const cursor of bad) t.match(await list(demo, `?limit=2&channel=infoline&cursor=${cursor}`), { status: 400 }, cursor)
    t.match(await list(demo, `?limit=2&channel=scrivi&cursor=${nextCursor}`), { status: 400, body: { code: 'invalid-cursor' } })
    t.match(await list(demo, `?limit=2&cursor=${nextCursor}`), { status: 400, body: { code: 'invalid-cursor' } })
    t.equal((await list(harness, `?limit=2&channel=infoline&cursor=${nextCursor}`)).status, 400, 'another store has another key')
  })

  t.test('a list can be saved as CSV and revalidated', async (t) => {
    const csv = await list(demo, '?limit=1', { accept: 'text/csv' })
    t.equal(csv.text, 'ticketId,state,channel,topic,serviceKind,subject,openedAt,updatedAt,openedBy\r\n' +
      '00000000-0000-4000-8000-00000000c001,open,infoline,tributi,informativa,informazioni-tari,' +
      '2024-04-02T08:15:00.000Z,2024-04-02T08:15:00.000Z,0d5e8b71-94a2-4b6f-bc3d-21f7a6e09d03\r\n')
    const { headers } = await list(harness)
    t.match(await list(harness, '', { 'if-none-match': headers.get('etag') ?? '' }), { status: 304, text: '' })
    await openTicket(harness, 'revalidated')
    t.equal((await list(harness, '', { 'if-none-match': headers.get('etag') ?? '' })).status, 200)
  })
})

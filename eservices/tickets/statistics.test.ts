import t from 'tap'
import { startHarness } from '../harness.ts'
import { testStores } from '../test-stores.ts'
import { tickets } from './tickets.ts'

const collections = {
  listHighlights: ['/highlights', 8],
  listChannels: ['/channels', 15],
  listServiceLevels: ['/service-levels', 9],
  listServiceKinds: ['/service-kinds', 3],
  listSampleQuestions: ['/sample-questions', 9],
  listTopics: ['/topics', 15],
  listTopTopics: ['/top-topics', 11],
  listTopTopicAreas: ['/top-topic-areas', 4],
  listCalendarEvents: ['/calendar-events', 15],
  listCampaigns: ['/campaigns', 9],
  listQualityActions: ['/quality-actions', 9],
  listTerritorialActivities: ['/territorial-activities', 11],
  listTerritorialCalls: ['/territorial-calls', 39],
  listTerritorialCases: ['/territorial-cases', 20],
  listHelpDeskRequests: ['/help-desk-requests', 20]
} as const

for (const { name, only, open } of testStores) t.test(`statistics in ${name}`, only, async (t) => {
  const harness = await startHarness(tickets, '/rest/tickets/v1', { openDatabase: await open(t) })
  t.teardown(harness.close)

  async function values (operationId: keyof typeof collections, query: string): Promise<unknown[]> {
    const { body } = await harness.call({ operationId, path: `${collections[operationId][0]}?${query}` })
    return body.items.map((item: { value: number }) => item.value)
  }

  t.test('the status is public', async (t) => {
    t.match(await harness.call({ operationId: 'readStatus', path: '/status', caller: null }), { status: 200, body: { title: 'OK' } })
  })

  t.test('Infoline handled 842571 tickets in 2023', async (t) => {
    const path = '/channels?channel=infoline&period=2023&measure=tickets'
    const { status, headers, body } = await harness.call({ operationId: 'listChannels', path })
    t.equal(status, 200)
    t.equal(headers.get('cache-control'), 'public, max-age=300, stale-while-revalidate=60, stale-if-error=3600')
    t.strictSame(body, {
      items: [{
        channel: 'infoline',
        measure: 'tickets',
        period: '2023',
        value: 842571,
        unit: 'ticket',
        label: 'Infoline',
        source: {
          document: 'milano-contact-center',
          title: 'Il sistema di ascolto del cittadino e il programma Voice of Customer',
          section: 'Il sistema di ascolto del cittadino'
        },
        dataQuality: []
      }]
    })
  })

  t.test('the other figures of the contact centres are those of the documents', async (t) => {
    t.strictSame(await values('listChannels', 'measure=tickets'), [842571, 58391, 120959, 1021921])
    t.strictSame(await values('listChannels', 'measure=change-percent'), [-8.4, -7.5, -26.6, -10.9])
    t.strictSame(await values('listServiceLevels', 'period=2023'), [116, 12, 330, 842571, -77069, -8.4])
    t.strictSame(await values('listServiceLevels', 'period=2024-01/2024-04'), [97, 8, 334])
    t.strictSame(await values('listServiceKinds', ''), [244, 479, 523])
    t.strictSame(await values('listTopics', 'topic=total'), [613437])
    t.strictSame(await values('listTopTopics', 'subject=pass-disabili'), [3.9])
    t.strictSame(await values('listCampaigns', 'campaign=milano-aiuta'), [77000, 30000, 47000])
    t.strictSame(await values('listQualityActions', 'measure=count'), [60000, 9000, 2000])
    t.strictSame(await values('listTerritorialCalls', 'granularity=year'), [329358, 374019, 315079])
    t.strictSame(await values('listTerritorialCalls', 'period=2017-03'), [29880])
    t.strictSame(await values('listTerritorialCases', 'municipality=firenze'), [211574, 195983])
    t.strictSame(await values('listHelpDeskRequests', 'outcome=total'), [5495, 2684, 2165, 2104, 3330])
  })

  t.test('a date that does not exist stays as printed', async (t) => {
    const path = '/campaigns?campaign=piano-caldo&period=2023-06-22/2023-09-31'
    const { body } = await harness.call({ operationId: 'listCampaigns', path })
    t.match(body.items, [{ value: 1000, dataQuality: [{ id: 'impossible-date' }] }])
  })

  t.test('a figure that does not reconcile carries the note of its check', async (t) => {
    const { body } = await harness.call({ operationId: 'listTopTopics', path: '/top-topics?subject=total' })
    const note = 'Il documento riporta 67,4; la somma delle voci è 63,5.'
    t.match(body.items, [{ value: 67.4, dataQuality: [{ id: 'top-ten-areas', note }] }])
  })

  for (const [operationId, [path, rows]] of Object.entries(collections)) {
    t.test(`${path} can be paged to its end, saved as CSV and revalidated`, async (t) => {
      const seen: unknown[] = []
      for (let query = '?limit=4'; query !== '';) {
        const { body } = await harness.call({ operationId, path: path + query })
        seen.push(...body.items)
        query = body.nextCursor ? `?limit=4&cursor=${body.nextCursor}` : ''
      }
      const all = await harness.call({ operationId, path })
      t.equal(seen.length, rows)
      t.strictSame(seen, all.body.items)
      const csv = await harness.call({ operationId, path, headers: { accept: 'text/csv' } })
      t.match(csv.headers.get('content-type'), /^text\/csv/)
      t.equal(csv.text.split('\r\n').length, rows + 2)
      const etag = all.headers.get('etag') ?? ''
      t.not(etag, csv.headers.get('etag'))
      t.match(await harness.call({ operationId, path, headers: { 'if-none-match': etag } }), { status: 304, text: '' })
    })

    t.test(`${path} refuses what its contract does not declare`, async (t) => {
      t.equal((await harness.call({ operationId, path: `${path}?bogus=1` })).status, 400)
      t.equal((await harness.call({ operationId, path: `${path}?limit=0` })).status, 400)
      t.equal((await harness.call({ operationId, path: `${path}?cursor=!` })).status, 400)
      t.equal((await harness.call({ operationId, path, caller: null })).status, 401)
    })
  }
})

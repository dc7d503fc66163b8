import { fileURLToPath } from 'node:url'
import t from 'tap'
import { loadContract } from '../../openapi/contract.ts'
import { loadDatasets } from '../dataset-folder.ts'
import type { Row } from '../dataset.ts'
import { startHarness } from '../harness.ts'
import { serviceUsage } from './service-usage.ts'

type Item = Readonly<Record<string, any>>

const eservice = await startHarness(serviceUsage, '/rest/service-usage/v1')
t.teardown(async () => eservice.close())
const contract = await loadContract(fileURLToPath(serviceUsage.contract))
const datasets = await loadDatasets(serviceUsage.data as URL)
const collections = contract.operations
  .filter((operation) => !['readStatus', 'listLiveUsages'].includes(operation.id))
  .map(({ id, path }) => ({ operationId: id, path, dataset: path.slice(1) }))

async function items (dataset: string, query = ''): Promise<readonly Item[]> {
  const { operationId, path } = collections.find((collection) => collection.dataset === dataset) as (typeof collections)[number]
  const answer = await eservice.call({ operationId, path: `${path}?limit=500${query}` })
  return answer.body.items
}

const value = async (dataset: string, query: string): Promise<unknown> => {
  const found = await items(dataset, query)
  return found.length === 1 ? found[0]?.['value'] : `${found.length} rows`
}

t.test('every dataset is a collection of the contract, and the other way round, but for what is live', async (t) => {
  t.strictSame(collections.map(({ dataset }) => dataset).toSorted(), [...datasets.keys()].toSorted())
})

t.test('every collection gives all the rows of its dataset, page by page, in the form that the contract promises', async (t) => {
  for (const { operationId, path, dataset } of collections) {
    const read: Item[] = []
    for (let cursor = ''; ;) {
      const { status, body } = await eservice.call({ operationId, path: `${path}?limit=40${cursor}` })
      t.equal(status, 200)
      read.push(...body.items)
      if (!body.nextCursor) break
      cursor = `&cursor=${body.nextCursor}`
    }
    const rows = datasets.get(dataset)?.rows as readonly Row[]
    t.strictSame(read.map(ordered), rows.map(ordered), `${path} gives every row once, in order`)
  }
})

t.test('the figures are those of the documents', async (t) => {
  t.equal(await value('category-usages', '&category=urbanistica&period=2017&measure=uses'), 180063)
  t.equal(await value('category-usages', '&category=total&period=2016'), 617628)
  t.equal(await value('category-usages', '&category=urbanistica&measure=change-percent'), 338)
  t.equal(await value('category-rankings', '&category=sport'), 7)
  t.equal(await value('registered-users', '&credential=cns&period=2010'), 5)
  t.equal(await value('service-deployments', '&administration=vicchio&category=tributi'), 17)
  t.equal(await value('administration-usages', '&administration=firenze&category=urbanistica'), 171745)
  t.equal(await value('administration-usages', '&administration=total&measure=bookings'), 27525)
  t.equal(await value('usage-variations', '&service=pratiche-edilizie'), 138126)
  t.equal(await value('usage-patterns', '&subject=from-08-to-18'), 176)
  t.equal(await value('website-visits', '&period=2019'), 1277625)
  t.equal(await value('citizen-services', '&channel=citizen-app'), 30635)
  t.equal(await value('citizen-services', '&service=electronic-identity-card&period=2022-03'), 18076)
  t.equal(await value('digital-platforms', '&platform=open-data'), 2409)
})

t.test('the tables of the 2017 report are complete', async (t) => {
  const deployments = await items('portfolio-deployments')
  const cells = Object.entries(Object.groupBy(deployments, (row) => String(row['text'])))
  t.strictSame(Object.fromEntries(cells.map(([text, rows]) => [text, rows?.length])), {
    '✓ online': 152,
    '✓': 14,
    '✓ su store': 10,
    'Non interessa': 8,
    'Lavori in corso': 7,
    '✓ Coperto UC': 7,
    '✓ Unione UCVV': 5,
    'NA': 2,
    '✓ Coperto': 1,
    'App Chianti': 1
  })
  t.equal((await items('service-deployments')).length, 158, 'a row for each cell that is not empty')
  t.equal((await items('administration-usages')).length, 99 + 3, 'and for the three empty cells that should not be')
  t.equal((await items('registered-users')).length, 24)
})

t.test('the two portfolio tables agree on who has the civic network', async (t) => {
  const online = async (component: string): Promise<readonly string[]> => {
    const rows = await items('portfolio-deployments', `&component=${component}&status=online`)
    return rows.map((row) => String(row['administration'])).toSorted()
  }
  t.strictSame(await online('rete-civica'), await online('rete-civica-2016'))
})

t.test('the seven municipalities with technical support are those that the table shows as covered', async (t) => {
  const covered = (await items('portfolio-deployments', '&component=ced-multiente')).filter((row) => row['status'].startsWith('covered'))
  const municipalities = covered.filter((row) => !row['administration'].startsWith('unione'))
  t.equal(await value('support-interventions', '&subject=municipalities'), municipalities.length)
})

t.test('the hourly averages, weighted by the length of their band, give the stated share outside office hours', async (t) => {
  const users = async (band: string, hours: number): Promise<number> => Number(await value('usage-patterns', `&subject=${band}`)) * hours
  const outside = await users('from-00-to-08', 8) + await users('from-18-to-24', 6)
  const share = outside / (outside + await users('from-08-to-18', 10)) * 100
  t.equal(await value('usage-patterns', '&subject=outside-office-hours'), Math.round(share))
  t.equal(Number(await value('usage-patterns', '&subject=desktop')) + Number(await value('usage-patterns', '&subject=mobile')), 100)
})

t.test('the twenty services to be migrated are all listed, and all migrated', async (t) => {
  const migrated = await items('cloud-migrations')
  t.equal(migrated.length, await value('digital-platforms', '&platform=cloud-migration'))
  t.ok(migrated.every((row) => row['status'] === 'migrated'))
  t.equal(migrated.filter((row) => row['migration'] === 'transfer').length, 4)
})

t.test('a misprint stays as it is printed, without a figure and with a note', async (t) => {
  const [newsstands] = await items('citizen-services', '&channel=newsstands')
  t.match(newsstands, { value: null, text: 'altri 27.19', dataQuality: [{ id: 'misprint' }] })
  const [declarations] = await items('usage-variations', '&service=tari-locazioni-turistiche')
  t.match(declarations, { value: null, text: '+4.12', dataQuality: [{ id: 'misprint' }] })
})

t.test('a figure that the document contradicts keeps its value and says so', async (t) => {
  const [total] = await items('administration-usages', '&administration=bagno-a-ripoli&category=total')
  t.match(total, { value: 4920, dataQuality: [{ id: 'usages-by-administration', note: 'Il documento riporta 4920; la somma delle voci è 4903.' }] })
  const [empty] = await items('administration-usages', '&administration=bagno-a-ripoli&category=istruzione')
  t.match(empty, { value: null, dataQuality: [{ id: 'empty-cell' }] })
  const [bookings] = await items('service-deployments', '&administration=fiesole&category=prenotazioni')
  t.match(bookings, { value: 10, dataQuality: [{ id: 'part-above-total' }] })
})

t.test('every row names its document and section', async (t) => {
  const [platform] = await items('digital-platforms', '&platform=data-centre')
  t.match(platform?.['source'], { document: 'milano-piano-digitale-2025', section: '6.4 Infrastrutture' })
  const [headline] = await items('highlights', '&subject=city-website')
  t.match(headline?.['source'], { document: 'milano-servizi-digitali-2022', section: 'Titolo e introduzione' })
})

t.test('a filter that the contract does not know is refused', async (t) => {
  for (const query of ['category=sanita', 'categoria=tributi', 'period=ieri', 'limit=501', 'category=tributi&category=casa', 'cursor=zz']) {
    const { status, body } = await eservice.call({ operationId: 'listCategoryUsages', path: `/category-usages?${query}` })
    t.equal(status, 400, query)
    t.equal(body.status, 400)
  }
})

t.test('the same page is available as CSV', async (t) => {
  const call = { operationId: 'listCategoryUsages', path: '/category-usages?category=sport', headers: { accept: 'text/csv' } }
  const { status, headers, text } = await eservice.call(call)
  t.equal(status, 200)
  t.match(headers.get('content-type'), /^text\/csv/)
  t.strictSame(text.split('\r\n'), [
    'category,measure,period,value,unit,trend,source_document,source_section,data_quality',
    'sport,uses,2016,,use,,firenze-servizi-2017,Confronto utilizzo per categoria,empty-cell: Nel documento la cella è vuota.',
    'sport,uses,2017,7,use,,firenze-servizi-2017,Confronto utilizzo per categoria,',
    'sport,change-percent,2017,,percent,,firenze-servizi-2017,Confronto utilizzo per categoria,empty-cell: Nel documento la cella è vuota.',
    ''
  ])
})

t.test('a copy that is still good is not sent again', async (t) => {
  const first = await eservice.call({ operationId: 'listHighlights', path: '/highlights' })
  t.equal(first.headers.get('cache-control'), 'public, max-age=300, stale-while-revalidate=60, stale-if-error=3600', 'and all callers may be given it')
  const etag = String(first.headers.get('etag'))
  const again = { operationId: 'listHighlights', headers: { 'if-none-match': etag } }
  t.equal((await eservice.call({ ...again, path: '/highlights' })).status, 304)
  t.equal((await eservice.call({ ...again, path: '/highlights?limit=2' })).status, 200)
})

t.test('the status is public, the data are not', async (t) => {
  t.match((await eservice.call({ operationId: 'readStatus', path: '/status', caller: null })).body, { status: 200 })
  t.equal((await eservice.call({ operationId: 'listHighlights', path: '/highlights', caller: null })).status, 401)
})

/** A row with its members in one order; a statement is served with a null value, as a figure that cannot be read. */
function ordered (row: Item): Item {
  return Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== null).toSorted(([a], [b]) => a.localeCompare(b)))
}

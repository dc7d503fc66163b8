import t from 'tap'
import type { Database, SqlValue } from '../database.ts'
import { startHarness } from '../harness.ts'
import { openSqlite } from '../sqlite-database.ts'
import { testStores } from '../test-stores.ts'
import { loadQuestionnaires } from './questionnaires.ts'
import type { Questionnaire } from './questionnaires.ts'
import { readResults } from './results.ts'
import { surveys } from './surveys.ts'

const basePath = '/rest/surveys/v1'
const [north, south] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']
const breakdowns = ['total', 'administration', 'month', 'year', 'administration-month', 'administration-year']
for (const { name, only, open } of testStores) t.test(`results in ${name}`, only, async (t) => {
  let clock = new Date('2026-03-10T12:00:00Z')
  // A random source of zeros: nothing beyond the five is held back, and the options take turns in alphabetical order.
  const randomUUID = () => '00000000-0000-4000-8000-000000000000'
  const harness = await startHarness(surveys, basePath, { openDatabase: await open(t), now: () => clock, randomUUID })
  t.teardown(async () => harness.close())

  /** Sends as many sheets as each count says; the other answers are always the same. */
  async function submit (consumerId: string, period: string, question: string, counts: Readonly<Record<string, number>>) {
    const always = { solved: 'yes', ease: '3', experience: '3', recommend: '8' }
    const sheets = Object.entries(counts).flatMap(([option, count]) => Array.from({ length: count }, () => ({
      answers: Object.entries({ ...always, [question]: option }).map(([id, chosen]) => ({ question: id, option: chosen }))
    })))
    const { status } = await harness.call({
      operationId: 'submitAnswers',
      method: 'POST',
      path: '/answers',
      headers: { 'idempotency-key': crypto.randomUUID() },
      caller: { consumerId },
      body: { serviceKind: 'online-service', version: '1.0.0', period, sheets }
    })
    if (status !== 202) throw new Error(`the batch got a ${status}`)
  }
  const read = async (query: string, headers = {}) =>
    harness.call({ operationId: 'listResults', path: `/results?serviceKind=online-service&${query}`, headers })
  const answer = async (query: string) => (await read(query)).body.items[0]?.questions[0]

  t.test('before anything can be published there are no results, not even empty ones', async (t) => {
    t.same((await read('')).body, { items: [] })
    await submit(north, '2026-03', 'recommend', { 9: 4 })
    t.same((await read('breakdown=administration-month')).body, { items: [] })
    await submit(north, '2026-03', 'recommend', { 9: 5 })
    t.same((await read('')).body, { items: [] }, 'nine answers cannot leave five behind and publish five')
  })

  t.test('a recommendation is counted in three classes, with promoters and net promoters', async (t) => {
    await submit(north, '2026-03', 'recommend', { 10: 51, 8: 20, 2: 15, 6: 5 })
    t.same(await answer('question=recommend'), {
      question: 'recommend',
      count: 95,
      suppressed: false,
      options: [
        { option: 'detractors', count: 20, sharePercent: 21.1, suppressed: false },
        { option: 'passives', count: 20, sharePercent: 21.1, suppressed: false },
        { option: 'promoters', count: 55, sharePercent: 57.9, suppressed: false }
      ],
      promotersPercent: 57.9,
      netPromoters: 36.8
    })
  })

  t.test('a scale has a mean, and the five answers that stay behind are in no number', async (t) => {
    await submit(south, '2026-03', 'experience', { 1: 20, 2: 20, 3: 20, 4: 20, 5: 20 })
    const result = await answer(`question=experience&administration=${south}`)
    t.same([result.count, result.mean, result.options.map(({ count }: any) => count)], [95, 2.89, [20, 20, 20, 20, 15]])
  })

  t.test('an option below the threshold is suppressed, and so are the shares that it would change', async (t) => {
    await submit(south, '2026-02', 'solved', { yes: 97, no: 3 })
    const result = await answer(`question=solved&administration=${south}&period=2026-02`)
    t.same(result, {
      question: 'solved',
      count: 95,
      suppressed: true,
      options: [
        { option: 'yes', count: 95, sharePercent: null, suppressed: false },
        { option: 'no', count: null, sharePercent: null, suppressed: true }
      ]
    })
  })

  t.test('an option that nobody chose looks like one that few chose', async (t) => {
    const result = await answer(`question=ease&administration=${south}&period=2026-02`)
    const hidden = [null, true]
    const shown = result.options.map(({ count, suppressed }: any) => [count, suppressed])
    t.same(shown, [hidden, hidden, [95, false], hidden, hidden])
    t.same([result.mean, result.suppressed], [null, true])
  })

  t.test('results can be compared administration by administration, month by month, page by page', async (t) => {
    const places: unknown[] = []
    let cursor = ''
    do {
      const { body } = await read(`breakdown=administration-month&question=experience&limit=1${cursor}`)
      places.push(...body.items.map((item: any) => [item.administration, item.period, item.questions[0].count]))
      cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : ''
    } while (cursor)
    t.same(places, [[north, '2026-03', 95], [south, '2026-02', 95], [south, '2026-03', 95]])
  })

  t.test('every breakdown and filter adds up to the same published answers', async (t) => {
    const total = (await answer('question=recommend')).count
    for (const breakdown of breakdowns) {
      const { items } = (await read(`question=recommend&period=2026&breakdown=${breakdown}`)).body
      t.equal(items.reduce((sum: number, { questions }: any) => sum + questions[0].count, 0), total, breakdown)
    }
    const month = (await read('period=2026-02')).body.items
    t.same(month.map(({ administration, period }: any) => [administration, period]), [[undefined, '2026-02']])
  })

  t.test('what a closed month could not publish is handed on to the year, where rare answers meet', async (t) => {
    await submit(south, '2026-03', 'solved', { yes: 97, no: 3 })
    clock = new Date('2026-04-10T12:00:00Z')
    await submit(north, '2026-04', 'recommend', { 9: 1 })
    const notSolved = async () => (await answer(`question=solved&administration=${south}`)).options[1].count
    t.equal(await notSolved(), null, 'one month alone is still below the threshold')
    clock = new Date('2026-05-10T12:00:00Z')
    await submit(north, '2026-05', 'recommend', { 9: 1 })
    t.equal(await notSolved(), 5)
    const [year] = (await read(`question=solved&breakdown=administration-year&administration=${south}`)).body.items
    t.same([year.period, year.questions[0].options[1].count], ['2026', 5])
    const months = (await read(`question=solved&breakdown=month&administration=${south}`)).body.items
    t.ok(months.every(({ questions }: any) => questions[0].options[1].count === null), 'the months stay as they were')
  })

  t.test('the results are also CSV, one number a line', async (t) => {
    const query = `question=recommend&administration=${north}&period=2026-03`
    const { headers, text } = await read(query, { accept: 'text/csv' })
    t.match(headers.get('content-type'), 'text/csv')
    const [header, ...lines] = text.split('\r\n')
    t.equal(header, 'service_kind,version,administration,period,question,option,measure,value,suppressed')
    t.ok(lines.includes(`online-service,1.0.0,${north},2026-03,recommend,promoters,count,55,false`))
    t.ok(lines.includes(`online-service,1.0.0,${north},2026-03,recommend,,net-promoters,36.8,false`))
  })

  t.test('a copy stays valid until something is published', async (t) => {
    const { headers } = await read('')
    t.equal(headers.get('cache-control'), 'public, max-age=60, stale-while-revalidate=30', 'for all, and not for long')
    await submit(north, '2026-05', 'recommend', { 9: 1 })
    t.equal((await read('', { 'if-none-match': headers.get('etag') })).status, 304)
  })

  t.test('an unknown questionnaire is a 404, an unknown cursor or breakdown a 400', async (t) => {
    t.equal((await harness.call({ operationId: 'listResults', path: '/results?serviceKind=taxi' })).status, 404)
    t.equal((await read('cursor=bm9uc2Vuc2U')).body.code, 'invalid-cursor')
    t.equal((await read('breakdown=person')).status, 400)
    t.equal((await harness.call({ operationId: 'listResults', path: '/results' })).status, 400)
  })
})

t.test('every query searches the published counts by their keys, and none scans the table', async (t) => {
  const database = await openSqlite(':memory:', surveys.migrations ?? [])
  const [questionnaire] = await loadQuestionnaires(new URL('questionnaires.yaml', import.meta.url))
  const row = ['online-service', '1.0.0', north, '2026-03', 'solved', 'yes', 0, 9]
  await database.query('INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?)', row)
  const plans: string[] = []
  const watched: Database = {
    ...database,
    async query (sql: string, parameters: readonly SqlValue[] = []) {
      const steps = await database.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, parameters)
      plans.push(steps.map(({ detail }) => detail).join('; '))
      return database.query(sql, parameters)
    }
  }
  const filters = [{}, { administration: north }, { period: '2026-03' }, { period: '2026' }, { question: 'solved' }]
  for (const breakdown of breakdowns) {
    for (const filter of filters) {
      await readResults(watched, questionnaire as Questionnaire, { breakdown, ...filter })
    }
  }
  t.equal(plans.length, 60)
  const byKey = /^SEARCH tallies USING (COVERING INDEX published_by_\w+ \(|PRIMARY KEY \(.*administration=\?)/
  t.same(plans.filter((plan) => !byKey.test(plan)), [])
  t.same(plans.filter((plan) => plan.includes('SCAN')), [])
  await database.close()
})

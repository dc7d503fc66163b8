import t from 'tap'
import { loadChecks, loadDatasets } from '../dataset-folder.ts'
import { startHarness } from '../harness.ts'
import { reconcile } from '../reconcile.ts'
import { surveys } from './surveys.ts'

const basePath = '/rest/surveys/v1'
const harness = await startHarness(surveys, basePath)
t.teardown(async () => harness.close())
const list = async (operationId: string, path: string, headers = {}) => harness.call({ operationId, path, headers })

t.test('the figures of the documents reconcile without exception', async (t) => {
  const folder = new URL('data/', import.meta.url)
  t.same(reconcile(await loadDatasets(folder), await loadChecks(folder)), [])
})

t.test('Milan’s indicators are served as the document states them', async (t) => {
  const { body } = await list('listVocIndicators', '/voc-indicators')
  const figures = body.items.map((item: any) => [item.measure, item.period, item.value, item.unit])
  t.same(figures, [
    ['monthly-answers', '2024', 6700, 'answer'],
    ['open-comments', '2024', 3244, 'comment'],
    ['response-rate-lower-percent', '2024', 10, 'percent'],
    ['response-rate-upper-percent', '2024', 12, 'percent'],
    ['planned-surveys', '2024-10', 11, 'survey'],
    ['active-surveys', '2024', 6, 'survey'],
    ['estimated-answers', '2024', 80000, 'answer'],
    ['collected-answers', '2024', 30000, 'answer'],
    ['respondents', '2023-09-05/2024-05-30', 30074, 'answer'],
    ['promoters-percent', '2023-09-05/2024-05-30', 62.8, 'percent']
  ])
  t.equal(body.items.at(-1).source.section, 'VoC: Andamento programma')
})

t.test('the surveys of each area are as many as the area states, and no start month is invented', async (t) => {
  const areas = (await list('listVocAreas', '/voc-areas')).body.items
  t.equal(areas.reduce((sum: number, area: any) => sum + area.value, 0), 11)
  for (const { area, value } of areas) {
    const { body } = await list('listVocSurveys', `/voc-surveys?area=${area}`)
    t.equal(body.items.length, value, area)
    const noted = ({ dataQuality }: any) => dataQuality.some(({ id }: any) => id === 'start-month-not-readable')
    t.ok(body.items.every((survey: any) => !('period' in survey) && noted(survey)))
  }
  const { items } = (await list('listVocCalendarMonths', '/voc-calendar-months')).body
  const months = ['2023-10', '2023-12', '2024-02', '2024-04', '2024-07', '2024-08', '2024-09']
  t.same(items.map(({ period }: any) => period), months)
})

t.test('the ten questions come in their order, to the end of the pages', async (t) => {
  const seen: string[] = []
  let cursor = ''
  do {
    const { body } = await list('listVocQuestions', `/voc-questions?limit=3${cursor}`)
    t.ok(body.items.length <= 3)
    seen.push(...body.items.map(({ question }: any) => question))
    cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : ''
  } while (cursor)
  t.same(seen, ['01', '02', '03', '04', '05', '06', '07', '08', '09', '10'])
})

t.test('Istat’s goals and pilot bodies are there', async (t) => {
  const goals = (await list('listIstatGoals', '/istat-goals?goal=coverage')).body.items
  t.same(goals.map(({ measure, value, period }: any) => [measure, value, period]), [
    ['minimum-monitored-services', 300, '2026'],
    ['minimum-involved-bodies', 100, '2026']
  ])
  const pilots = (await list('listIstatFeatures', '/istat-features?aspect=pilot-body')).body.items
  t.same(pilots.map(({ text }: any) => text), ['INPS', 'INAIL', 'Comune di Roma'])
  t.equal((await list('listIstatGoals', '/istat-goals?measure=milestone')).body.items[0].period, '2022-09-16')
})

t.test('Milan’s satisfaction activities cite the plan of 2025', async (t) => {
  const path = '/satisfaction-activities?activity=digital-service-monitoring'
  const { body } = await list('listSatisfactionActivities', path)
  t.same(body.items.map(({ item, source }: any) => [item, source.document]),
    ['tari', 'prenotazione-appuntamenti', 'visure'].map((item) => [item, 'milano-piano-digitale-2025']))
})

t.test('a collection is also CSV, and an unchanged copy is a 304', async (t) => {
  const csv = await list('listVocAreas', '/voc-areas', { accept: 'text/csv' })
  t.match(csv.headers.get('content-type'), 'text/csv')
  t.equal(csv.text.split('\r\n')[4]?.startsWith('tributi,surveys,2024-10,3,survey,Tributi'), true)
  const json = await list('listVocAreas', '/voc-areas')
  const again = await list('listVocAreas', '/voc-areas', { 'if-none-match': json.headers.get('etag') })
  t.equal(again.status, 304)
})

t.test('a filter value that the contract does not know is a 400', async (t) => {
  t.equal((await list('listVocAreas', '/voc-areas?area=sport')).status, 400)
})

t.test('the questionnaires are listed page by page and read one by one, newest version first', async (t) => {
  const first = (await list('listQuestionnaires', '/questionnaires?limit=2')).body
  t.same(first.items.map(({ serviceKind }: any) => serviceKind), ['online-service', 'counter-appointment'])
  const second = (await list('listQuestionnaires', `/questionnaires?limit=2&cursor=${first.nextCursor}`)).body
  t.same(second.items.map(({ serviceKind }: any) => serviceKind), ['contact-centre'])
  t.notOk('nextCursor' in second)
  t.equal((await list('listQuestionnaires', '/questionnaires?cursor=AAAA')).status, 400)
  const one = await list('readQuestionnaire', '/questionnaires/online-service')
  t.equal(one.body.version, '1.0.0')
  t.same(one.body.questions.at(-1).options.at(-1), { code: '10', text: '10', countedAs: 'promoters' })
  const unknown = await list('readQuestionnaire', '/questionnaires/online-service?version=9.0.0')
  t.same([unknown.status, unknown.body.code], [404, 'questionnaire-unknown'])
  t.equal((await list('readQuestionnaire', '/questionnaires/taxi')).status, 404)
})

t.test('every kind of service has the questions that make kinds comparable', async (t) => {
  for (const { questions } of (await list('listQuestionnaires', '/questionnaires')).body.items) {
    const ids = new Set(questions.map(({ id }: any) => id))
    t.ok(ids.isSupersetOf(new Set(['solved', 'ease', 'experience', 'recommend'])))
  }
})

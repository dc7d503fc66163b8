import { serveDataset } from '../collection.ts'
import { defineEService } from '../eservice.ts'
import { readStatus } from '../status.ts'
import { demandQuestionnaire, listQuestionnaires } from './catalogue.ts'
import { migrations } from './migrations.ts'
import { loadQuestionnaires } from './questionnaires.ts'
import { readResults } from './results.ts'
import { submitAnswers } from './submission.ts'

/**
 * Satisfaction surveys: what Milan's Voice-of-Customer programme and Istat's platform have published, and the idea of
 * that platform at work: one questionnaire per kind of service, anonymous answers from any administration, comparable
 * results that isolate nobody.
 */
export const surveys = defineEService({
  name: 'surveys',
  contract: new URL('../../openapi/surveys.v1.yaml', import.meta.url),
  data: new URL('data/', import.meta.url),
  migrations,
  async operations (ports) {
    const all = await loadQuestionnaires(new URL('questionnaires.yaml', import.meta.url))
    return {
      readStatus: readStatus(ports),
      listVocIndicators: serveDataset(ports, 'voc-indicators'),
      listVocAreas: serveDataset(ports, 'voc-areas'),
      listVocSurveys: serveDataset(ports, 'voc-surveys'),
      listVocCalendarMonths: serveDataset(ports, 'voc-calendar-months'),
      listVocQuestions: serveDataset(ports, 'voc-questions'),
      listSatisfactionActivities: serveDataset(ports, 'satisfaction-activities'),
      listIstatGoals: serveDataset(ports, 'istat-goals'),
      listIstatFeatures: serveDataset(ports, 'istat-features'),
      listQuestionnaires: ({ parameters }) => listQuestionnaires(all, parameters),
      readQuestionnaire: ({ parameters }) => ({ body: demandQuestionnaire(all, parameters), cache: 'published' }),
      submitAnswers: submitAnswers(ports, all),
      listResults: async ({ parameters }) =>
        readResults(ports.database, demandQuestionnaire(all, parameters), parameters)
    }
  }
})

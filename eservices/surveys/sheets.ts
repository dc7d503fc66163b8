import { unprocessable } from './problems.ts'
import { findQuestionnaire } from './questionnaires.ts'
import type { Question, Questionnaire } from './questionnaires.ts'

/** Filled-in questionnaires as an administration sends them: all of one questionnaire and of one month (`YYYY-MM`). */
export interface Batch {
  readonly serviceKind: string
  readonly version: string
  readonly period: string
  readonly sheets: readonly Sheet[]
}

export interface Answer { readonly question: string, readonly option: string }
export interface Sheet { readonly answers: readonly Answer[] }

/** The months that can still be answered for, `YYYY-MM`: the current one and the one before. */
export interface OpenMonths { readonly first: string, readonly last: string }

/** How many answers each option (or its class) got, by question. Nothing of the single sheets is left in it. */
export type Tally = ReadonlyMap<string, ReadonlyMap<string, number>>

interface Misfit { readonly in: 'body', readonly pointer: string, readonly rule: string, readonly detail: string }

const mostMisfits = 100

/** Counts a batch. Throws a 422 that lists, with JSON pointers, up to 100 places that do not fit the questionnaire. */
export function tally (batch: Batch, questionnaires: readonly Questionnaire[], months: OpenMonths): Tally {
  const { serviceKind, version, sheets } = batch
  const questionnaire = findQuestionnaire(questionnaires, serviceKind, version)
  if (!questionnaire) {
    const detail = `there is no questionnaire "${serviceKind}" in version ${version}; GET /questionnaires lists them`
    throw refusal([misfit('/serviceKind', 'unknown-questionnaire', detail)])
  }
  const misfits = sheets.flatMap((sheet, index) => sheetMisfits(sheet, questionnaire, `/sheets/${index}/answers`))
  const all = [...periodMisfits(batch, months), ...misfits]
  if (all.length > 0) throw refusal(all)
  return count(sheets, questionnaire)
}

function count (sheets: readonly Sheet[], questionnaire: Questionnaire): Tally {
  const counts = new Map<string, Map<string, number>>()
  const questions = new Map(questionnaire.questions.map((question) => [question.id, question]))
  for (const { question, option } of sheets.flatMap(({ answers }) => answers)) {
    const cell = questions.get(question)?.options.find(({ code }) => code === option)?.countedAs ?? option
    const ofQuestion = counts.get(question) ?? new Map<string, number>()
    counts.set(question, ofQuestion.set(cell, (ofQuestion.get(cell) ?? 0) + 1))
  }
  return counts
}

function periodMisfits ({ period }: Batch, { first, last }: OpenMonths): readonly Misfit[] {
  if (period >= first && period <= last) return []
  return [misfit('/period', 'closed-month', `answers are accepted for ${first} and ${last}`)]
}

function sheetMisfits ({ answers }: Sheet, { questions }: Questionnaire, pointer: string): readonly Misfit[] {
  const answered = new Set<string>()
  const found = answers.flatMap((answer, index) => {
    const wrong = answerMisfit(answer, questions, answered, `${pointer}/${index}`)
    answered.add(answer.question)
    return wrong ?? []
  })
  const missing = questions.filter((question) => question.required && !answered.has(question.id))
  return [...found, ...missing.map(({ id }) => misfit(pointer, 'missing-answer', `"${id}" must be answered`))]
}

function answerMisfit (
  answer: Answer, questions: readonly Question[], answered: ReadonlySet<string>, pointer: string
): Misfit | undefined {
  const question = questions.find(({ id }) => id === answer.question)
  if (!question) {
    const ids = questions.map(({ id }) => id)
    return misfit(`${pointer}/question`, 'unknown-question', `the questions are ${ids.join(', ')}`)
  }
  if (answered.has(question.id)) {
    return misfit(`${pointer}/question`, 'answered-twice', `"${question.id}" has more than one answer in this sheet`)
  }
  const codes = question.options.map(({ code }) => code)
  if (codes.includes(answer.option)) return undefined
  return misfit(`${pointer}/option`, 'unknown-option', `"${question.id}" has the options ${codes.join(', ')}`)
}

// What was sent in an answer is never repeated: in place of a code it may be something that a person wrote.
function misfit (pointer: string, rule: string, detail: string): Misfit {
  return { in: 'body', pointer, rule, detail }
}

function refusal (misfits: readonly Misfit[]) {
  const detail = 'The batch does not fit the questionnaire; nothing of it was counted. ' +
    'Mend the places listed in errors and send it again.'
  return unprocessable('answers-do-not-fit', detail, misfits.slice(0, mostMisfits))
}

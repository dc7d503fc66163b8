import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { DocumentError, isObject, parseObject } from '../../openapi/document.ts'
import type { Json } from '../../openapi/document.ts'

export type QuestionKind = 'yes-no' | 'scale' | 'recommendation' | 'choice'

/** One possible answer. `countedAs` names the class it is counted in, where that is not the option itself. */
export interface Option { readonly code: string, readonly text: string, readonly countedAs?: string }

/** A closed question: there is no free text, because what a person writes can say who the person is. */
export interface Question {
  readonly id: string
  readonly text: string
  readonly kind: QuestionKind
  readonly required: boolean
  readonly options: readonly Option[]
}

/** The questionnaire of a kind of service in one version, the same for every administration (Istat's idea). */
export interface Questionnaire {
  readonly serviceKind: string
  readonly version: string
  readonly title: string
  readonly questions: readonly Question[]
}

const yesNo: readonly Option[] = [{ code: 'yes', text: 'Sì' }, { code: 'no', text: 'No' }]
const scale = numbers(1, 5)
const recommendation = numbers(0, 10)
  .map((option) => ({ ...option, countedAs: recommendationClass(Number(option.code)) }))

/** Loads the questionnaires of a YAML file. Throws DocumentError for one that could not be answered or counted. */
export async function loadQuestionnaires (file: URL): Promise<readonly Questionnaire[]> {
  const path = fileURLToPath(file)
  const { questionnaires } = parseObject(await readFile(file, 'utf8'), path)
  if (!Array.isArray(questionnaires)) throw new DocumentError(path, 'needs a list of questionnaires')
  const read = questionnaires.map((raw) => toQuestionnaire(raw, path))
  refuseTwins(read.map(({ serviceKind, version }) => `${serviceKind} ${version}`), path, 'questionnaire')
  return read
}

/** The questionnaire of a kind of service in the version asked for, or the newest; undefined when there is none. */
export function findQuestionnaire (
  all: readonly Questionnaire[], serviceKind: string, version?: string
): Questionnaire | undefined {
  return all.filter((one) => one.serviceKind === serviceKind && (version === undefined || one.version === version))
    .toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
    .at(-1)
}

/** The classes in which the answers to a question are counted, in the order of its options. */
export function classes (question: Question): readonly string[] {
  return [...new Set(question.options.map((option) => option.countedAs ?? option.code))]
}

function toQuestionnaire (raw: Json, path: string): Questionnaire {
  if (!isObject(raw)) throw new DocumentError(path, 'a questionnaire is not an object')
  const { serviceKind, version, title } = raw
  if (typeof serviceKind !== 'string' || typeof title !== 'string') {
    throw new DocumentError(path, 'a questionnaire needs serviceKind and title')
  }
  if (typeof version !== 'string' || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new DocumentError(path, `${serviceKind} needs a version like 1.0.0`)
  }
  const { questions: list } = raw
  if (!Array.isArray(list) || list.length === 0) throw new DocumentError(path, `${serviceKind} needs questions`)
  const questions = list.map((question) => toQuestion(question as Json, path))
  refuseTwins(questions.map(({ id }) => id), path, `${serviceKind}: question`)
  return { serviceKind, version, title, questions }
}

function toQuestion (raw: Json, path: string): Question {
  if (!isObject(raw)) throw new DocumentError(path, 'a question is not an object')
  const { id, text, kind, required } = raw
  if (typeof id !== 'string' || typeof text !== 'string' || typeof required !== 'boolean') {
    throw new DocumentError(path, 'a question needs id, text and required')
  }
  const options = toOptions(kind, raw['options'], id, path)
  refuseTwins(options.map(({ code }) => code), path, `${id}: option`)
  return { id, text, kind: kind as QuestionKind, required, options }
}

function toOptions (kind: Json | undefined, options: Json | undefined, id: string, path: string): readonly Option[] {
  if (kind === 'yes-no') return yesNo
  if (kind === 'scale') return scale
  if (kind === 'recommendation') return recommendation
  if (kind === 'choice' && Array.isArray(options) && options.length >= 2) return options as readonly Option[]
  throw new DocumentError(path, `${id} must be yes-no, scale, recommendation, or choice with two options or more`)
}

function refuseTwins (ids: readonly string[], path: string, what: string): void {
  const twin = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twin !== undefined) throw new DocumentError(path, `${what} "${twin}" is there twice`)
}

function numbers (from: number, to: number): readonly Option[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index)).map((code) => ({ code, text: code }))
}

// The usual three classes of the recommendation scale: 9 and 10 promote, 0 to 6 detract.
function recommendationClass (score: number): string {
  return score >= 9 ? 'promoters' : score >= 7 ? 'passives' : 'detractors'
}

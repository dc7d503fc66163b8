import { smallestGroup } from './disclosure.ts'
import { classes } from './questionnaires.ts'
import type { Question } from './questionnaires.ts'

/** An option's published answers; below the threshold, or with none, `count` is null and `suppressed` true. */
export interface OptionResult {
  readonly option: string
  readonly count: number | null
  readonly sharePercent: number | null
  readonly suppressed: boolean
}

/**
 * What the published answers to a question say. `suppressed` means that at least one option is; shares, mean and
 * promoters are then null, because without the rare answers they would flatter. Scales have a `mean`, recommendations
 * have promoters.
 */
export interface QuestionResult {
  readonly question: string
  readonly count: number | null
  readonly suppressed: boolean
  readonly options: readonly OptionResult[]
  readonly mean?: number | null
  readonly promotersPercent?: number | null
  readonly netPromoters?: number | null
}

/** Computes the result of a question from its published counts alone: nothing in it says more than they do. */
export function questionResult (question: Question, published: ReadonlyMap<string, number>): QuestionResult {
  const counts = classes(question).map((option) => ({ option, count: published.get(option) ?? 0 }))
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  const suppressed = counts.some(({ count }) => count < smallestGroup)
  const average = (sum: number, decimals: number): number | null => suppressed ? null : round(sum / total, decimals)
  const [promoters = 0, detractors = 0] = [published.get('promoters'), published.get('detractors')]
  return {
    question: question.id,
    count: total === 0 ? null : total,
    suppressed,
    options: counts.map(({ option, count }) => count < smallestGroup
      ? { option, count: null, sharePercent: null, suppressed: true }
      : { option, count, sharePercent: average(count * 100, 1), suppressed: false }),
    ...(question.kind === 'scale' && {
      mean: average(counts.reduce((sum, { option, count }) => sum + Number(option) * count, 0), 2)
    }),
    ...(question.kind === 'recommendation' && {
      promotersPercent: average(promoters * 100, 1),
      netPromoters: average((promoters - detractors) * 100, 1)
    })
  }
}

function round (value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals
}

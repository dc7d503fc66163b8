import type { RuleText } from './rule-text.ts'
import { answerTexts } from './texts/answers.ts'
import { descriptionTexts } from './texts/description.ts'
import { formatTexts } from './texts/formats.ts'
import { readinessTexts } from './texts/readiness.ts'
import { requestTexts } from './texts/requests.ts'
import { spectralTexts } from './texts/spectral.ts'

/** Every rule, as people read it, in the order in which the pages show them. Loads no linter. */
export const catalogue: readonly RuleText[] = [...descriptionTexts, ...answerTexts, ...requestTexts, ...formatTexts, ...readinessTexts, ...spectralTexts]

const byName = new Map(catalogue.flatMap((rule) => [[rule.reference ?? rule.id, rule], [rule.id, rule]]))

/** The rule with this id, or with this name at Spectral's. One that is not known says what Spectral says. */
export function ruleOf (name: string): RuleText {
  const none = { it: '', en: '' }
  return byName.get(name) ?? { id: name, reference: name, isSpectrals: true, says: none, why: none, bad: '', good: '' }
}

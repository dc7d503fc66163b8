import { descriptionRules } from './rules/description.ts'
import { formatRules } from './rules/formats.ts'
import { limitRules } from './rules/limits.ts'
import { requestRules } from './rules/requests.ts'
import { responseRules } from './rules/responses.ts'
import type { Rule } from './rules/rule.ts'
import { securityRules } from './rules/security.ts'
import { statusRules } from './rules/status.ts'

/** The table of the Italian rules: what a contract on PDND must meet (errors) and should meet (warnings). */
export const rules: readonly Rule[] = [
  ...descriptionRules,
  ...statusRules,
  ...requestRules,
  ...responseRules,
  ...limitRules,
  ...formatRules,
  ...securityRules
]

import { descriptionRules } from './rules/description.ts'
import { formatRules } from './rules/formats.ts'
import { headerRules } from './rules/headers.ts'
import { limitRules } from './rules/limits.ts'
import { namingRules } from './rules/naming.ts'
import { patternRules } from './rules/patterns.ts'
import { problemRules } from './rules/problems.ts'
import { readinessRules } from './rules/readiness.ts'
import { requestRules } from './rules/requests.ts'
import { responseRules } from './rules/responses.ts'
import type { Rule } from './rules/rule.ts'
import { securityRules } from './rules/security.ts'
import { statusRules } from './rules/status.ts'

/** How every rule of ours is checked. */
export const rules: readonly Rule[] = [
  ...descriptionRules,
  ...statusRules,
  ...headerRules,
  ...requestRules,
  ...responseRules,
  ...problemRules,
  ...limitRules,
  ...formatRules,
  ...namingRules,
  ...securityRules,
  ...patternRules,
  ...readinessRules
]

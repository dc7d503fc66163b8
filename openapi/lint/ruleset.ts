import { Ruleset } from '@stoplight/spectral-core'
import type { RuleDefinition, RulesetDefinition } from '@stoplight/spectral-core'
import { oas2, oas3 } from '@stoplight/spectral-formats'
import { oas } from '@stoplight/spectral-rulesets'
import type { Profile } from './finding.ts'
import { once } from './once.ts'
import { rules } from './rules.ts'
import { findFaults } from './rules/rule.ts'
import type { Rule } from './rules/rule.ts'
import { member } from './rules/value.ts'

const spectrals = (oas as { readonly rules: Readonly<Record<string, RuleDefinition>> }).rules
const mediaExample = 'oas3-valid-media-example'
const schemaExample = 'oas3-valid-schema-example'

/** Spectral's recommended OpenAPI rules and our own, as a profile has them. */
export function rulesetOf (profile: Profile): Ruleset {
  const own = rules.filter(({ only = profile }) => only === profile).map((rule) => [rule.id, toDefinition(rule)])
  const examples = {
    [schemaExample]: once(spectrals[schemaExample] as RuleDefinition),
    // The gate gives this name to a rule that looks at nothing, and so has none.
    [mediaExample]: profile === 'pdnd' ? 'off' as const : once(spectrals[mediaExample] as RuleDefinition)
  }
  return new Ruleset({ extends: [oas as RulesetDefinition], rules: { ...examples, ...Object.fromEntries(own) as Record<string, RuleDefinition> } })
}

function toDefinition (rule: Rule): RuleDefinition {
  return {
    given: '$',
    resolved: !rule.asWritten,
    message: '{{error}}',
    severity: 'error',
    formats: rule.anyFormat ? [oas2, oas3] : [oas3],
    then: {
      function: (resolved: unknown, _options: unknown, { document }) =>
        findFaults(rule, { resolved, written: document.data }).map(({ path, message }) => ({ path: [...path], message }))
    }
  }
}

/** Whether a rule of Spectral's says more each time than that it is broken. */
export function tellsMore (name: string): boolean {
  return ['parser', 'invalid-ref'].includes(name) || String(member(spectrals[name], 'message')).includes('{{')
}

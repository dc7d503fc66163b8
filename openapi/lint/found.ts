import type { ISpectralDiagnostic } from '@stoplight/spectral-core'
import type { Finding, Profile, Severity, Text } from './finding.ts'
import type { Position } from '../reading/position.ts'
import { ruleOf } from './rules/catalogue.ts'
import type { RuleText } from './rules/rule-text.ts'
import { tellsMore } from './ruleset.ts'

// As Spectral numbers them.
const severities = ['error', 'warn', 'info', 'hint'] as const

/** What Spectral, or a parser, reports. */
type Reported = Pick<ISpectralDiagnostic, 'code' | 'path' | 'message'> & { readonly severity: number }

/** What is told of a place that breaks a rule, with the texts of our catalogue of rules. */
export function toFinding ({ code, path, severity, message }: Reported, file: string, position: Position, profile: Profile, rulesUrl: string): Finding {
  const rule = ruleOf(String(code))
  const own = rule.isSpectrals ? severities[severity] ?? 'error' : rule[profile] ?? 'error'
  return {
    file,
    ...position,
    pointer: toPointer(path),
    severity: own,
    rule: rule.id,
    ...(rule.reference !== undefined && { reference: rule.reference }),
    ...(rule.rac !== undefined && { rac: rule.rac }),
    message: toMessage(rule, message),
    url: rule.says.en === '' ? rulesUrl : `${rulesUrl}/${rule.id}`,
    blocksPublication: blocks(rule, own)
  }
}

/** A rule of ours says at most which name or value is wrong; of what Spectral says in English it is told what its rule does not say each time. */
function toMessage ({ id, says, isSpectrals, reference = id }: RuleText, detail: string): Text {
  if (says.en === '') return { it: detail, en: detail }
  if (detail === '' || (isSpectrals && !tellsMore(reference))) return says
  if (isSpectrals) return { it: `${says.it} (${detail})`, en: `${says.en} (${detail})` }
  return { it: `${detail}: ${says.it}`, en: `${detail}: ${says.en}` }
}

function blocks ({ isSpectrals, pdnd }: RuleText, severity: Severity): boolean {
  return pdnd !== undefined && (isSpectrals ? severity : pdnd) === 'error'
}

function toPointer (path: readonly (string | number)[]): string {
  return path.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

import { noDemands } from '../../policies/demands.ts'
import type { DescriptorState } from '../../policies/registry.ts'
import type { LiveEService } from '../route.ts'
import type { IconName } from './assets.ts'
import { icon } from './frame.ts'
import type { Health } from './health.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import type { Language } from './language.ts'
import type { LintVerdict } from '../verdicts.ts'
import type { Version } from './standing.ts'
import { words } from './words.ts'

type Tone = 'success' | 'danger' | 'warning' | 'secondary' | 'primary'

/** A state in words, with a drawing: the colour only repeats it. */
function badge (tone: Tone, drawing: IconName, text: string): Html {
  return html`<span class="badge state-badge bg-${tone}">${icon(drawing, 'icon-xs icon-white')}<span>${text}</span></span>`
}

export function healthBadge (health: Health, language: Language): Html {
  const [tone, drawing] = ({ well: ['success', 'it-check-circle'], unwell: ['danger', 'it-error'], unknown: ['secondary', 'it-help-circle'] } as const)[health]
  return badge(tone, drawing, words[language].health[health])
}

const tones: Readonly<Record<DescriptorState, readonly [Tone, IconName]>> = {
  Published: ['primary', 'it-check-circle'], Deprecated: ['warning', 'it-warning-circle'], Archiving: ['warning', 'it-warning-circle'], Suspended: ['danger', 'it-close-circle'],
  ArchivingSuspended: ['danger', 'it-close-circle'], Archived: ['secondary', 'it-close-circle'], Draft: ['secondary', 'it-info-circle'], WaitingForApproval: ['secondary', 'it-info-circle']
}

/** The state of each version on the platform. */
export function versionBadges (versions: readonly Version[], language: Language): readonly Html[] {
  const say = words[language]
  return versions.length === 0 ? [badge('secondary', 'it-help-circle', say.notListed)] : versions.map(({ version, state }) => badge(...tones[state], `${say.version(version)}: ${say.states[state]}`))
}

/** What the rules say of the contract: the worst verdict, in one line. */
export function lintBadge (verdicts: readonly LintVerdict[] | undefined, language: Language): Html {
  const say = words[language]
  const worst = verdicts?.toSorted((a, b) => b.errors - a.errors || b.warnings - a.warnings)[0]
  if (!worst) return badge('secondary', 'it-help-circle', `${say.contract}: ${say.notChecked.toLowerCase()}`)
  const { profile, errors, warnings } = worst
  if (errors + warnings === 0) return badge('success', 'it-check-circle', `${say.contract}: ${say.clean.toLowerCase()}`)
  return badge(errors > 0 ? 'danger' : 'success', errors > 0 ? 'it-error' : 'it-check-circle', say.verdict(profile, errors, warnings))
}

/** The kinds of proof that the operations of an e-service ask for. */
export function demandChips ({ contract, demands, terms }: LiveEService, language: Language): Html {
  const { kinds } = words[language]
  const all = contract.operations.filter(({ isPublic }) => !isPublic).map(({ id }) => demands.get(id) ?? noDemands)
  const some = (holds: (one: typeof all[number]) => unknown): boolean => all.some((one) => Boolean(holds(one)))
  const names = [
    some(({ trust }) => trust.includes('pdnd')) && kinds.voucher,
    some(({ trust }) => trust.includes('x509')) && kinds.certificate,
    some(({ dpop }) => dpop) && kinds.dpop,
    some(({ integrity }) => integrity) && kinds.signature,
    some(({ evidence }) => evidence) && kinds.evidence,
    some(({ channel }) => channel === 'mutual-tls') && kinds.channel,
    some(({ signedResponse }) => signedResponse) && kinds.answer,
    some(({ scope }) => scope !== undefined) && kinds.async,
    some(({ nonBlocking }) => nonBlocking !== undefined) && kinds.push,
    all.length > 0 && terms.grants !== undefined && kinds.granted,
    all.length === 0 && kinds.nothing
  ].filter((name) => name !== false)
  return html`<ul class="chips" aria-label="${words[language].send}">${names.map((name) => html`<li class="chip chip-simple"><span class="chip-label">${name}</span></li>`)}</ul>`
}

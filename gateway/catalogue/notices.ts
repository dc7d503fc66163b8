import { usableDescriptorStates } from '../../policies/registry.ts'
import { icon } from './frame.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import type { Language } from './language.ts'
import type { Standing } from './standing.ts'
import { words } from './words.ts'

/** What whoever uses an e-service, or wants to, must know before anything else: that it goes out of use, or that the platform gives no vouchers for it. */
export function notices ({ versions, deprecation }: Standing, language: Language): Html {
  const say = words[language]
  const states = versions.map(({ state }) => state)
  const told: Html[] = []
  if (deprecation) {
    const { since, sunset, successor, notice } = deprecation
    const links = [successor !== undefined && html` ${say.successor}: <a href="${successor}">${successor}</a>.`, notice !== undefined && html` <a href="${notice}">${say.notice}</a>.`]
    told.push(html`<p>${say.since(dayIn(language, since))}${sunset !== undefined && ` ${say.sunset(dayIn(language, sunset))}`}${links}</p>`)
  }
  if (versions.length === 0) told.push(html`<p>${say.notListedMore}</p>`)
  else if (!states.some((state) => usableDescriptorStates.has(state))) told.push(html`<p>${say.allUnusable}</p>`)
  else if (states.every((state) => state !== 'Published')) told.push(html`<p>${say.allDeprecated}</p>`)
  return html`${told.length > 0 && html`<div class="notice">${icon('it-warning-circle', '')}<div>${told}</div></div>`}`
}

/** A day (`YYYY-MM-DD`) as it is written in a language. */
function dayIn (language: Language, day: string): string {
  const written = new Intl.DateTimeFormat(language === 'it' ? 'it-IT' : 'en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(Date.parse(day))
  return language === 'it' ? written.replace(/^1 /, '1º ') : written
}

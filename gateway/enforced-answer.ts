import type { IncomingHttpHeaders } from 'node:http'
import type { AnswerFinding } from '../openapi/answers/answers.ts'
import type { Denial } from '../policies/denials.ts'
import type { AnswerCheck } from './answer-check.ts'
import type { AnswerHead } from './answer-head.ts'
import type { UncheckedReason } from './answer-ledger.ts'
import type { Exchange } from './exchange.ts'
import { guard } from './guard.ts'
import type { Outlet } from './outlet.ts'
import type { Refuse } from './refuse.ts'
import { WholeBody } from './whole-body.ts'

/** What an answer goes through that must keep to its contract: `maxBytes` is how long one may be whose body is checked. */
export interface EnforcedOutletOptions { readonly exchange: Exchange, readonly check: AnswerCheck, readonly outlet: Outlet, readonly maxBytes: number, readonly refuse: Refuse }

/** Takes an answer in whole and passes it on when it is what its contract says; one of which the contract says nothing but its head goes through as it comes. */
export class EnforcedOutlet implements Outlet {
  readonly #options: EnforcedOutletOptions
  readonly #body: WholeBody
  #begin: (() => Denial | undefined) | undefined

  constructor (options: EnforcedOutletOptions) {
    this.#options = options
    this.#body = new WholeBody(options.maxBytes)
  }

  get begun (): boolean { return this.#options.outlet.begun }

  see (status: number, headers: IncomingHttpHeaders): Denial | undefined {
    const finding = this.#options.check.head(status, headers)
    return finding && invalid(finding)
  }

  begin (status: number, headers: IncomingHttpHeaders, compose: () => AnswerHead): Denial | undefined {
    const { check, outlet } = this.#options
    if (!check.body) return outlet.begin(status, headers, compose)
    this.#begin = () => outlet.begin(status, headers, compose)
    return check.body.needs === 'whole' ? this.#tooLong(this.#body.announce(headers)) : undefined
  }

  write (chunk: Buffer): 'more' | 'wait' | Denial {
    const { check, outlet } = this.#options
    if (!this.#begin) return outlet.write(chunk)
    if (check.body?.needs === 'whole') return this.#tooLong(this.#body.add(chunk)) ?? 'more'
    const finding = check.body?.check(chunk)
    if (!finding) return 'more'
    check.note(finding)
    return invalid(finding)
  }

  end (): void {
    const { exchange, refuse, outlet } = this.#options
    if (!this.#begin) return outlet.end()
    guard(exchange, refuse, async () => {
      const denial = await this.#judge() ?? this.#send()
      if (denial) refuse(exchange, denial)
    })
  }

  #tooLong (denial: Denial | undefined): Denial | undefined {
    if (denial) this.#options.check.giveUp('too-long')
    return denial
  }

  async #judge (): Promise<Denial | undefined> {
    const { check, maxBytes } = this.#options
    if (check.body?.needs !== 'whole') return undefined
    const verdict = await check.judge(this.#body.bytes(), maxBytes)
    if ('unchecked' in verdict) return { denial: 'upstream-invalid', check: 'contract', reason: `the upstream's answer cannot be checked against its contract: ${because[verdict.unchecked]}` }
    return verdict.finding && invalid(verdict.finding)
  }

  #send (): Denial | undefined {
    const { exchange: { response }, outlet } = this.#options
    if (response.destroyed) return undefined
    const denial = this.#begin?.()
    if (denial) return denial
    const refused = this.#body.length === 0 ? undefined : outlet.write(this.#body.bytes())
    if (typeof refused === 'object') return refused
    outlet.end()
    return undefined
  }
}

const because: Readonly<Record<UncheckedReason, string>> = {
  'too-long': 'it unfolds to more than may be held (limits.signedAnswerBytes)',
  'coding': 'its content coding is not known here',
  'crowded': 'too many answers are held',
  'failed': 'its check failed'
}

function invalid ({ in: part, pointer, rule, detail }: AnswerFinding): Denial {
  return { denial: 'upstream-invalid', check: 'contract', reason: `the upstream's answer is not what its contract says: ${detail} (${part}${pointer} ${rule})` }
}

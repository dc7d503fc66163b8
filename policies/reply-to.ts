import type { PinnedUrl } from '../openapi/varco-call.ts'
import { headerValues } from './header-values.ts'
import type { Policy } from './policy.ts'
import { prepareReplyUrl } from './reply-url.ts'

/** Where the e-service may send what it answers later, with the addresses that were found good; null where it answers at once. */
export type ReplyToFact = PinnedUrl | null

/**
 * Proves that an answer that is to come later goes where the consumer may have it sent: `X-ReplyTo` of a push (NONBLOCK_PUSH_REST), which
 * anybody could write, or the `urlCallback` of a start, for which the platform vouches that the consumer wrote it. Nothing is fetched.
 */
export const replyTo: Policy<'replyTo', 'caller' | 'interaction'> = {
  name: 'replyTo',
  stage: 'before-body',
  needs: ['caller', 'interaction'],
  denials: ['reply-to-invalid', 'name-resolution-unavailable'],
  prepare: ({ resolver }, terms) => {
    const judgeHeader = prepareReplyUrl('X-ReplyTo', resolver)
    const judgeCallback = prepareReplyUrl('urlCallback', resolver)
    return ({ caller, demands, rawHeaders }) => {
      const targets = terms.replyTo.filter(({ consumer }) => consumer === caller.consumerId)
      if (demands.nonBlocking === 'push') return judgeHeader({ values: headerValues(rawHeaders, 'x-replyto'), targets, listed: true })
      const callback = caller.exchange?.urlCallback
      if (callback !== undefined) return judgeCallback({ values: [callback], targets, listed: false })
      return null
    }
  }
}

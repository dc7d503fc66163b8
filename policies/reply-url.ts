import type { PinnedUrl } from '../openapi/varco-call.ts'
import { firstFailure } from './check.ts'
import type { Check } from './check.ts'
import type { Denial } from './denials.ts'
import type { Resolved, Resolver } from './resolver.ts'
import { normaliseUri } from './uri.ts'

/** Where a consumer may have answers sent: origins as a URL writes them. `allowPrivate` when their hosts may be on a private network. */
export interface ReplyTarget { readonly consumer: string, readonly origins: readonly string[], readonly allowPrivate?: boolean }

/** A URL to which an e-service will send something because its caller says so. */
export interface ReplySubject {
  /** Every value that it was given as. */
  readonly values: readonly string[]
  /** The targets of this consumer. */
  readonly targets: readonly ReplyTarget[]
  /** Whether it must be one of them. */
  readonly listed: boolean
}

const maxLength = 2000
const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * The URL as every reader understands it, or undefined: strict RFC 3986, absolute, no user, and a host that a lenient parser leaves as it
 * is: no octal or hexadecimal address, no escapes, no capitals that mean something else.
 */
function urlOf ({ values: [text = ''] }: ReplySubject): URL | undefined {
  const url = normaliseUri(text) === undefined ? null : URL.parse(text)
  const [, written] = /^https?:\/\/(\[[^\]]*\]|[^/?#:]*)/i.exec(text) ?? []
  return url && written?.toLowerCase() === url.hostname ? url : undefined
}

function targetOf (subject: ReplySubject): ReplyTarget | undefined {
  const origin = urlOf(subject)?.origin
  return subject.targets.find(({ origins }) => origin !== undefined && origins.includes(origin))
}

const mayBe = (subject: ReplySubject, is: (url: URL) => boolean): boolean => {
  const url = urlOf(subject)
  return url !== undefined && is(url)
}

/** What such a URL must be before its host is looked up, in order. It is never shown: a query or a path may hold anything. */
export function replyChecks (name: string): readonly Check<ReplySubject>[] {
  const code = 'reply-to-invalid'
  const told = (expected: string, got: string, is: (subject: ReplySubject) => boolean): Pick<Check<ReplySubject>, 'holds' | 'expected' | 'got'> =>
    ({ holds: is, expected: () => expected, got: (subject) => is(subject) ? 'as expected' : got })
  return [
    { name, code, holds: ({ values }) => values.length === 1 && values[0] !== '', expected: () => 'one', got: ({ values }) => values.length > 1 ? 'several' : values[0] ? 'one' : 'none' },
    { name: `${name} length`, code, holds: ({ values: [text = ''] }) => text.length <= maxLength, expected: () => `${maxLength} characters at most`, got: ({ values: [text = ''] }) => `${text.length}` },
    { name: `${name} form`, code, ...told('an absolute https URL (RFC 3986) without user, its host in the usual spelling', 'something else', (subject) => urlOf(subject) !== undefined) },
    { name: `${name} fragment`, code, ...told('no fragment', 'one', ({ values: [text = ''] }) => !text.includes('#')) },
    // Plain http is for trying out on one machine; the configuration names no such origin outside the sandbox.
    { name: `${name} scheme`, code, ...told('https', 'http', (subject) => mayBe(subject, ({ protocol, hostname }) => protocol === 'https:' || (loopbackHosts.has(hostname) && targetOf(subject) !== undefined))) },
    { name: `${name} origin`, code, ...told('an origin that the producer allows this consumer', 'another origin', (subject) => !subject.listed || targetOf(subject) !== undefined) },
    { name: `${name} port`, code, ...told('port 443, unless the producer allows this consumer another', 'another port', (subject) => mayBe(subject, ({ port }) => port === '' || targetOf(subject) !== undefined)) }
  ]
}

/** How many addresses of a host are told to the e-service. */
const maxPinned = 16

/** Judges a URL for answers and finds the addresses to which they may be sent. */
export type JudgeReplyUrl = (subject: ReplySubject) => PinnedUrl | Denial | Promise<PinnedUrl | Denial>

/** Prepares judging; `name` is what the URL is called in refusals. All addresses must be public, or the target one of a private network. */
export function prepareReplyUrl (name: string, resolver: Resolver): JudgeReplyUrl {
  const checks = replyChecks(name)
  const check = `${name} host`
  // One answer for a host that is not there and for one that is inside: nobody learns from here what is inside.
  const refused = (reason: string): Denial => ({ denial: 'reply-to-invalid', check, detail: `${check}: expected one with public addresses only, got another one.`, reason })
  return (subject) => {
    const failure = firstFailure(checks, subject)
    if (failure) return failure
    const url = urlOf(subject) as URL
    const allowPrivate = targetOf(subject)?.allowPrivate === true
    const decide = (resolved: Resolved): PinnedUrl | Denial => {
      if (resolved === 'unavailable') return { denial: 'name-resolution-unavailable', check, reason: 'the addresses of the host cannot be found now', retryAfter: 5 }
      if (resolved === 'unknown' || resolved.length === 0) return refused('its name does not resolve')
      if (!allowPrivate && !resolved.every(({ isPublic }) => isPublic)) return refused('it has an address that is not public')
      return { url: url.href, addresses: resolved.slice(0, maxPinned).map(({ address }) => address) }
    }
    const resolved = resolver.resolve(url.hostname)
    return resolved instanceof Promise ? resolved.then(decide) : decide(resolved)
  }
}

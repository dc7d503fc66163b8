import { describeAnswer, describeWrong, isExpected } from '../expected.ts'
import type { Expected } from '../expected.ts'
import type { Platform } from '../platform.ts'
import type { Claim } from './peer.ts'

/** The vouchers that a peer is checked with: one that is good, and those that must be refused. */
export interface Vouchers { readonly good: string, readonly bad: Readonly<Record<string, string | undefined>> }

/** Mints them. */
export async function mintVouchers ({ mint }: Pick<Platform, 'mint'>): Promise<Vouchers> {
  const [good, expired, foreign] = await Promise.all([
    mint({ purpose: 'tickets' }),
    mint({ purpose: 'tickets', expiresIn: -60 }),
    mint({ purpose: 'tickets', claims: { aud: 'https://elsewhere.example.it' } })
  ])
  return { good, bad: { 'an expired voucher': expired, 'a voucher for somebody else': foreign, 'a voucher with a broken signature': breakSignature(good), 'no voucher': undefined } }
}

// In its middle: what the last character says may be padding.
function breakSignature (voucher: string): string {
  const at = voucher.length - 100
  return voucher.slice(0, at) + (voucher[at] === 'A' ? 'B' : 'A') + voucher.slice(at + 1)
}

/** What a peer is asked: the path of an admitted call and its answer, one with a query that the contract forbids, and the vouchers. */
export interface Questions { readonly path: string, readonly badPath: string, readonly expected: Expected, readonly vouchers: Vouchers }

/** Throws a sentence where a peer does not do with a call what it claims. `strict` is the address of another one of its kind, which lets each client make one call only. */
export async function checkPeer (url: string, strict: string | undefined, claims: readonly Claim[], { path, badPath, expected, vouchers: { good, bad } }: Questions): Promise<void> {
  await mustAdmit(url + path, good, expected)
  if (claims.includes('voucher')) for (const [name, voucher] of Object.entries(bad)) await mustRefuse(url + path, voucher, name, [401, 403])
  if (claims.includes('query')) await mustRefuse(url + badPath, good, 'a query that the contract forbids', [400])
  // What was refused is not remembered as good, nor the other way round.
  await mustAdmit(url + path, good, expected)
  if (strict === undefined) return
  await mustAdmit(strict + path, good, expected)
  await mustRefuse(strict + path, good, 'a second call where one is allowed', [429])
}

async function mustAdmit (url: string, voucher: string, expected: Expected): Promise<void> {
  const { status, body } = await call(url, voucher)
  if (!isExpected(expected, status, body)) throw new Error(`a good call: ${describeWrong(expected, status, body)}`)
}

async function mustRefuse (url: string, voucher: string | undefined, name: string, statuses: readonly number[]): Promise<void> {
  const { status, body } = await call(url, voucher)
  if (!statuses.includes(status)) throw new Error(`${name} was not refused with ${statuses.join(' or ')}, but answered ${describeAnswer(status, body)}`)
}

async function call (url: string, voucher: string | undefined): Promise<{ status: number, body: string }> {
  // A connection left open would be waited for when the peer stops.
  const headers = { connection: 'close', ...voucher !== undefined && { authorization: `Bearer ${voucher}` } }
  const response = await fetch(url, { headers })
  return { status: response.status, body: await response.text() }
}

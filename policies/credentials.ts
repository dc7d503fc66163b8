import type { Denial } from './denials.ts'

/** How a token is presented (RFC 6750; RFC 9449, 7.1). */
export type Scheme = 'Bearer' | 'DPoP'

/** What a caller comes with: a voucher, or a token that it signed itself with a certificate. */
export interface Credentials { readonly scheme: Scheme, readonly voucher: string }

/** The usual spelling of the header that credentials come in. */
export function authorizationOf ({ scheme, voucher }: Credentials): string {
  return `${scheme} ${voucher}`
}

/** The voucher in one Authorization header, with its scheme (RFC 6750, 2.1; RFC 9449, 7.1; the scheme's case is free, exactly one space). */
export function readCredentials (authorization: readonly string[]): Credentials | Denial {
  const [value, another] = authorization
  if (value === undefined || value === '') return { denial: 'voucher-missing', check: 'Authorization', reason: 'there is no Authorization header' }
  if (another !== undefined) return { denial: 'malformed-request', check: 'Authorization', reason: 'there are several Authorization headers' }
  if (value.includes(',')) return { denial: 'malformed-request', check: 'Authorization', detail: 'There are several credentials in one Authorization header.', reason: 'there are several credentials in one Authorization header' }
  if (/^(?:bearer|dpop)$/i.test(value.trim())) return { denial: 'voucher-missing', check: 'Authorization', reason: 'there is no voucher after the scheme' }
  const [, scheme, voucher] = /^(bearer|dpop) ([A-Za-z0-9._~+/=-]+)$/i.exec(value) ?? []
  if (voucher === undefined) return { denial: 'voucher-missing', check: 'Authorization', reason: 'it is not of the form: Bearer <voucher>, or DPoP <voucher>' }
  return { scheme: scheme?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', voucher }
}

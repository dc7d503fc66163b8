/** Where a voucher comes from: the sandbox mints one for whoever asks, the platform wants an assertion signed with the client's key. */
export type VoucherSource =
  | { readonly kind: 'sandbox', readonly url: string, readonly client: string, readonly purpose: string }
  | { readonly kind: 'platform', readonly tokenUrl: string, readonly audience: string }

/** What is called, and the media type that is asked for. */
export interface Target { readonly url: string, readonly accept: string | undefined }
export type Sandbox = Extract<VoucherSource, { kind: 'sandbox' }>
export type Platform = Extract<VoucherSource, { kind: 'platform' }>

/** A text as JavaScript, Python and Java read it: what JSON writes is the same there, but for characters that none of these texts holds. */
export function literal (text: string): string {
  return JSON.stringify(text).replaceAll(/[^\u0020-\u007e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

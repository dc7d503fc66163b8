import { createHash } from 'node:crypto'

/** The strong entity tag of a representation: its media type and its bytes decide it, so two views of one resource have two tags. */
export function entityTag (mediaType: string, bytes: Uint8Array): string {
  return `"${createHash('sha256').update(mediaType).update(bytes).digest('base64url').slice(0, 22)}"`
}

/** Whether If-None-Match names this tag: a list of tags or `*`, compared weakly (RFC 9110, 13.1.2). */
export function matchesWeakly (ifNoneMatch: string | undefined, tag: string): boolean {
  return ifNoneMatch !== undefined && listed(ifNoneMatch).some((one) => one === '*' || one.replace(/^W\//, '') === tag)
}

/** Whether If-Match names this tag: a list of tags or `*`, compared strongly, so that a weak tag never matches (RFC 9110, 13.1.1). */
export function matchesStrongly (ifMatch: string, tag: string): boolean {
  return listed(ifMatch).some((one) => one === '*' || one === tag)
}

function listed (header: string): readonly string[] {
  return header.split(',').map((one) => one.trim())
}

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const [algorithm, keyBytes, nonceBytes, tagBytes] = ['aes-128-gcm', 16, 12, 16] as const
/** Longer ones of the upstream are not passed on: a header has limits. */
const longestUpstreamTag = 120
/** Stands for a tag that this gateway did not give, or not for this: it matches none. */
const unknownTag = '"unknown-to-the-gateway"'

/**
 * The entity tags of views. One is "<hash>" over the bytes of the view, or "<hash>.<sealed>", where the tag of the upstream is sealed for whoever the view
 * is of, so that a change can be made on condition of it. The tag of the upstream itself is over what is withheld too: whoever knew it could try values of a
 * withheld field until it fits. So it is never given to a caller, and what a caller sends as a tag never reaches the upstream.
 */
export class ViewTags {
  readonly #key: Buffer

  /** `secret` is the one that is shared with the upstream: all gateways in front of it read each other's tags. */
  constructor (secret: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'varco: entity tags of views', keyBytes))
  }

  /** The tag of a view with this hash; with the upstream's tag where a change can depend on it, for a holder alone. */
  write (hash: string, upstreamTag: string | undefined, holder: string): string {
    if (upstreamTag === undefined || upstreamTag.length > longestUpstreamTag) return `"${hash}"`
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv(algorithm, this.#key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(holder))
    const sealed = Buffer.concat([nonce, cipher.update(upstreamTag), cipher.final(), cipher.getAuthTag()])
    return `"${hash}.${sealed.toString('base64url')}"`
  }

  /** What If-Match or If-None-Match of the holder of a view says in tags of the upstream. */
  open (list: string, holder: string): string {
    if (list.trim() === '*') return '*'
    return tagsOf(list).map((tag) => this.#unseal(tag, holder) ?? unknownTag).join(', ') || unknownTag
  }

  #unseal (tag: string, holder: string): string | undefined {
    const sealed = Buffer.from(/^"[^".]+\.([\w-]+)"$/.exec(tag)?.[1] ?? '', 'base64url')
    if (sealed.length < nonceBytes + tagBytes) return undefined
    try {
      const decipher = createDecipheriv(algorithm, this.#key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes }).setAAD(Buffer.from(holder)).setAuthTag(sealed.subarray(-tagBytes))
      return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
    } catch {
      return undefined
    }
  }
}

/** Whether If-None-Match names a view by its hash, or any (RFC 9110, 13.1.2). */
export function namesView (ifNoneMatch: string | undefined, hash: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.trim() === '*' || tagsOf(ifNoneMatch).some((tag) => new RegExp(`^(?:W/)?"${hash}[".]`).test(tag))
}

function tagsOf (list: string): readonly string[] {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? []
}

import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/**
 * The form of a segment of evidence. Its first line says in clear by which key it is encrypted and with which salt; then come entries:
 *
 *     4 bytes  length of the encrypted facts      4 bytes  length of the encrypted body, 0 without one
 *     16 bytes code over both lengths             the facts and the body, each encrypted with AES-256-GCM and ended by its tag
 *
 * The keys of a segment are derived (HKDF, RFC 5869) from the e-service's key, the salt and the segment's name, so that no nonce is ever
 * used twice and no segment passes for another. What an entry is encrypted with depends on its position and on the hash of all entries
 * before it: none can be changed, moved, left out or put in between without the key. Facts and body are apart so that entries can be
 * looked through without reading bodies; the facts hold the body's hash.
 */

/** Bytes in front of the facts of an entry. */
export const headBytes = 24
const tagBytes = 16
const version = 'varco-evidence-1'

/** The name that a segment gives its key: tells keys apart and nothing about them. */
export function keyIdOf (key: Buffer): string {
  return createHmac('sha256', key).update(`${version} key id`).digest('hex').slice(0, 16)
}

/** The first line of a segment, without its end. */
export function segmentLine (key: Buffer, salt: Buffer): string {
  return `${version} ${keyIdOf(key)} ${salt.toString('base64url')}`
}

/** What the first line of a segment says, or undefined when it is none. */
export function readSegmentLine (line: string): { keyId: string, salt: Buffer } | undefined {
  const [, keyId, salt] = /^varco-evidence-1 ([0-9a-f]{16}) ([A-Za-z0-9_-]{43})$/.exec(line) ?? []
  return keyId === undefined || salt === undefined ? undefined : { keyId, salt: Buffer.from(salt, 'base64url') }
}

/** An entry as it is written, and its hash, which stands for it and for all entries before it. */
export interface SealedEntry { readonly bytes: Buffer, readonly hash: Buffer }

/** Encrypts or decrypts the entries of one segment, in their order. */
export class EvidenceCipher {
  readonly #key: Buffer
  readonly #codeKey: Buffer
  #position = 0
  #hash: Buffer

  /** `name` is what the segment is called, its e-service included. */
  constructor (key: Buffer, salt: Buffer, name: string) {
    const derived = Buffer.from(hkdfSync('sha256', key, salt, `${version} ${name}`, 64))
    this.#key = derived.subarray(0, 32)
    this.#codeKey = derived.subarray(32)
    this.#hash = createHash('sha256').update(segmentLine(key, salt)).digest()
  }

  /** How many entries went through it. */
  get position (): number { return this.#position }

  /** The hash of the last of them. */
  get hash (): Buffer { return this.#hash }

  /** Encrypts the next entry. */
  seal (facts: Buffer, body: Buffer | undefined): SealedEntry {
    const lengths = Buffer.alloc(8)
    lengths.writeUInt32BE(facts.length + tagBytes, 0)
    lengths.writeUInt32BE(body ? body.length + tagBytes : 0, 4)
    const head = Buffer.concat([lengths, this.#code(lengths)])
    const sealed = this.#encrypt(facts, 0, Buffer.concat([this.#hash, head]))
    const bodyPosition = this.#position
    this.#advance(head, sealed)
    return { bytes: Buffer.concat([head, sealed, ...body ? [this.#encrypt(body, 1, this.#hash, bodyPosition)] : []]), hash: this.#hash }
  }

  /** The lengths of the next entry's facts and body, encrypted; undefined when they were not written with this key at this place. */
  lengths (head: Buffer): { facts: number, body: number } | undefined {
    if (!timingSafeEqual(this.#code(head.subarray(0, 8)), head.subarray(8))) return undefined
    return { facts: head.readUInt32BE(0), body: head.readUInt32BE(4) }
  }

  /** Decrypts the facts of the next entry and goes on behind it; undefined when they are not what was written at this place. */
  open (head: Buffer, sealed: Buffer): Buffer | undefined {
    const facts = this.#decrypt(sealed, 0, Buffer.concat([this.#hash, head]), this.#position)
    if (facts) this.#advance(head, sealed)
    return facts
  }

  /** Decrypts the body of the entry whose facts were opened last. */
  openBody (sealed: Buffer): Buffer | undefined {
    return this.#decrypt(sealed, 1, this.#hash, this.#position - 1)
  }

  #advance (head: Buffer, sealed: Buffer): void {
    this.#hash = createHash('sha256').update(this.#hash).update(head).update(sealed).digest()
    this.#position++
  }

  #code (lengths: Buffer): Buffer {
    return createHmac('sha256', this.#codeKey).update(this.#hash).update(this.#nonce(0, this.#position)).update(lengths).digest().subarray(0, 16)
  }

  #encrypt (plain: Buffer, part: 0 | 1, aad: Buffer, position = this.#position): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#nonce(part, position)).setAAD(aad)
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }

  #decrypt (sealed: Buffer, part: 0 | 1, aad: Buffer, position: number): Buffer | undefined {
    if (sealed.length < tagBytes) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, this.#nonce(part, position), { authTagLength: tagBytes }).setAAD(aad).setAuthTag(sealed.subarray(-tagBytes))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
    } catch {
      return undefined
    }
  }

  #nonce (part: 0 | 1, position: number): Buffer {
    const nonce = Buffer.alloc(12)
    nonce.writeBigUInt64BE(BigInt(position) * 2n + BigInt(part), 4)
    return nonce
  }
}

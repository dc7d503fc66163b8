import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseJson } from '../../openapi/json/json.ts'
import type { Jwk } from '../../policies/jwk.ts'
import { isRecord, readCompactJws } from '../../policies/jws.ts'
import type { CompactJws } from '../../policies/jws.ts'
import { createWholeFile } from '../adapters/whole-file.ts'
import { isFileEnd } from './audit-line.ts'
import type { HeadClaims } from './audit-line.ts'

/** What signs the heads of a node's files. */
export interface HeadSigner {
  readonly jwk: Jwk
  /** A JWS in compact form (RFC 7515) with EdDSA over Ed25519 (RFC 8037). */
  readonly sign: (claims: HeadClaims) => string
}

/** Opens the key of a node, made when there is none (PKCS#8 PEM, 0600). Throws a sentence when the file holds another kind of key, and what the file system throws. */
export async function openHeadSigner (path: string): Promise<HeadSigner> {
  const privateKey = await readPrivateKey(path) ?? await createKey(path)
  const jwk = publicJwkOf(privateKey)
  const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: keyIdOf(jwk) })).toString('base64url')
  return {
    jwk,
    sign: (claims) => {
      const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
      return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
    }
  }
}

/** The public half of a node's key; undefined where there is no such file. Throws as `openHeadSigner`. */
export async function readHeadKey (path: string): Promise<Jwk | undefined> {
  const key = await readPrivateKey(path)
  return key && publicJwkOf(key)
}

/** The public keys of a text: PEM (one or more), or JSON, a JWK or a set of them (RFC 7517). Throws when it holds none, or others than Ed25519. */
export function readPublicKeys (text: string): readonly Jwk[] {
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g)
  const keys = blocks ? blocks.map((pem) => createPublicKey(pem)) : jwksOf(JSON.parse(text)).map((key) => createPublicKey({ key, format: 'jwk' }))
  if (keys.length === 0 || keys.some((key) => key.asymmetricKeyType !== 'ed25519')) throw new Error('there is no Ed25519 public key in it, or there are others beside it')
  return keys.map(publicJwkOf)
}

/** Names a key: its thumbprint (RFC 7638, with the members of RFC 8037, 2). */
export function keyIdOf ({ crv, kty, x }: Jwk): string {
  return hash('sha256', JSON.stringify({ crv, kty, x }), 'base64url')
}

/** What a head says, when one of the keys signed it; otherwise the sentence that says what is wrong with it. */
export function readHead (jws: string, keys: readonly Jwk[]): HeadClaims | string {
  const read = readCompactJws(jws)
  if (typeof read === 'string') return `its signature cannot be read: ${read}`
  const jwk = keys.find((key) => keyIdOf(key) === read.header['kid'])
  if (!jwk || read.header['alg'] !== 'EdDSA') return 'it is not signed with a key that is trusted here'
  if (!isSigned(read, jwk)) return 'its signature is not good'
  const claims = parseJson(read.payload)
  return 'value' in claims && isFileEnd(claims.value) ? claims.value as HeadClaims : 'it says nothing that can be read'
}

function isSigned ({ signed, signature }: CompactJws, jwk: Jwk): boolean {
  try {
    return verify(null, Buffer.from(signed), createPublicKey({ key: jwk, format: 'jwk' }), signature)
  } catch {
    // A key that a file names may be anything.
    return false
  }
}

async function readPrivateKey (path: string): Promise<KeyObject | undefined> {
  const pem = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (pem === undefined) return undefined
  const key = parse(pem)
  if (key?.asymmetricKeyType !== 'ed25519') throw new Error(`${path} is no Ed25519 private key in PKCS#8 PEM: restore it, or take it away and another one is made`)
  return key
}

function parse (pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

async function createKey (path: string): Promise<KeyObject> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await createWholeFile(path, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
  // Another process may have been faster: its key is the one that stays.
  return await readPrivateKey(path) as KeyObject
}

function publicJwkOf (key: KeyObject): Jwk {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' }) as Jwk
}

function jwksOf (content: unknown): readonly Jwk[] {
  const keys = isRecord(content) && Array.isArray(content['keys']) ? content['keys'] : [content]
  return keys.filter(isRecord)
}

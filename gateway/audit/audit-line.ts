import { hash } from 'node:crypto'
import type { Jwk } from '../../policies/jwk.ts'
import { isRecord } from '../../policies/jws.ts'

/** The end of a file as somebody knows it: how many whole lines it had, and the hash of the last. */
export interface FileEnd { readonly file: string, readonly lines: number, readonly hash: string }

/**
 * The first line of every file. `previous` is how the file before it in the folder ended when this one was begun (null where there was none), `tornBytes` what was found behind
 * its last whole line. `jwk` is the public key of the heads (RFC 8037).
 */
export interface Opening {
  readonly kind: 'opening'
  readonly v: 1
  readonly file: string
  readonly time: string
  readonly node: string
  readonly previous: FileEnd | null
  readonly tornBytes: number
  readonly jwk: Jwk
}

/** A line that says, signed, how far the file had come before it: a JWS (RFC 7515) in compact form over HeadClaims. */
export interface Head { readonly kind: 'head', readonly jws: string }

/** How files of other processes begin (one line, and its hash), by where they are in the state folder (`worker-2/audit`). */
export type Neighbouring = Readonly<Record<string, FileEnd>>

/** What a head says of the lines before it. `closing`: nothing was added to the file behind this head. `neighbours` are there where they are others than in the head before it in the file. */
export interface HeadClaims extends FileEnd { readonly node: string, readonly time: string, readonly closing: boolean, readonly neighbours?: Neighbouring }

/** Before the first line. */
export const noHash = ''

const openingStart = '{"kind":"opening"'
const headStart = '{"kind":"head"'
const before = ',"hash":"'
/** How long the member is with which every line ends, the closing brace included: a SHA-256 in base64url has 43 characters. */
const sealLength = before.length + 43 + 2

/** What the hash of a line is, in base64url: SHA-256 of the hash of the line before it and of its own text. */
export function hashOf (previous: string, text: string): string {
  return hash('sha256', previous + text, 'base64url')
}

/** The line of a JSON object, `text` being that in one line with at least one member; `hash` is that of `hashOf`. */
export function lineOf (text: string, hash: string): string {
  return `${text.slice(0, -1)}${before}${hash}"}\n`
}

/** A line taken apart, without its end; undefined when it has not the form of one. */
export function readLine (line: string): { readonly text: string, readonly hash: string } | undefined {
  const at = line.length - sealLength
  if (at < 1 || !line.startsWith(before, at) || !line.endsWith('"}')) return undefined
  return { text: `${line.slice(0, at)}}`, hash: line.slice(at + before.length, -2) }
}

/** True for the line of an opening or a head: all others are records. */
export function isOwnLine (text: string): boolean {
  return text.startsWith(openingStart) || text.startsWith(headStart)
}

/** The opening that a line is; undefined when it is none. */
export function parseOpening (text: string): Opening | undefined {
  const opening = text.startsWith(openingStart) ? parse(text) : undefined
  return isRecord(opening) && isRecord(opening['jwk']) && (opening['previous'] === null || isFileEnd(opening['previous'])) ? opening as unknown as Opening : undefined
}

/** The head that a line is; undefined when it is none. */
export function parseHead (text: string): Head | undefined {
  const head = text.startsWith(headStart) ? parse(text) : undefined
  return isRecord(head) && typeof head['jws'] === 'string' ? head as unknown as Head : undefined
}

/** True for what has the form of a file's end. */
export function isFileEnd (value: unknown): value is FileEnd {
  return isRecord(value) && typeof value['file'] === 'string' && typeof value['lines'] === 'number' && typeof value['hash'] === 'string'
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { DocumentError, isObject, maxDocumentBytes, parseObject } from '../document.ts'
import type { JsonObject } from '../document.ts'

/** Beside a contract: which file stands for a URL that its references lead to, and the SHA-256 (hex) of that file. */
const lockName = 'refs.lock.yaml'

/** A file of a bundle: its place on disk, and its text. */
export interface BundledFile { readonly path: string, readonly text: string }

/** Says why a reference cannot be followed, and what to do. */
export class UnfollowedReference extends Error {}

const elsewhere = 'leads to a file outside the contract\'s folder: save a copy of that file beside the contract, and refer to it there'
const maxBundleBytes = 20 * 1024 * 1024
const maxFiles = 500

/**
 * Reads the files that a contract refers to: those inside of its folder, symbolic links followed, and for http(s) URLs the files that `refs.lock.yaml`
 * pins. Never goes over the network. Throws UnfollowedReference for what leads elsewhere, and for what is no file of up to 5 MiB.
 */
export class BundleFolder {
  /** SHA-256 (hex) of the files that were read, as texts, by absolute path; what is vendored also has the file that says so. */
  readonly digests = new Map<string, string>()
  readonly #folder: string
  #lock: JsonObject | undefined
  #bytes = 0
  #files = 0
  constructor (folder: string) {
    this.#folder = folder
  }

  /** Reads a file by its absolute path, or what is vendored for a URL. */
  read (target: string): BundledFile {
    return isUrl(target) ? this.#readVendored(target) : { path: target, text: this.#readFile(target) }
  }

  #readVendored (url: string): BundledFile {
    const lock = join(this.#folder, lockName)
    const entry = (this.#lock ??= this.#readLock(lock))[url]
    if (!isObject(entry)) throw new UnfollowedReference(`leads outside the bundle and is not vendored: save what is there as refs/${fileNameOf(url)} and write in ${lockName} beside the contract: "${url}": { file: refs/${fileNameOf(url)}, sha256: <what sha256sum says of it> }`)
    const { file, sha256 } = entry
    if (typeof file !== 'string' || typeof sha256 !== 'string') throw new DocumentError(lock, `"${url}" needs file and sha256`)
    const path = resolve(this.#folder, file)
    const text = this.#readFile(path)
    const found = digestOf(text)
    if (found !== sha256.toLowerCase()) throw new UnfollowedReference(`is vendored as ${file}, which has not the SHA-256 that ${lockName} says but ${found}`)
    return { path, text }
  }

  #readLock (path: string): JsonObject {
    try {
      return parseObject(this.#readFile(path), path)
    } catch (error) {
      if (error instanceof UnfollowedReference) return {}
      throw error
    }
  }

  #readFile (path: string): string {
    if (isOutside(this.#folder, path)) throw new UnfollowedReference(elsewhere)
    let real: string
    let bytes: number
    try {
      real = realpathSync(path)
      const found = statSync(real)
      if (!found.isFile()) throw new Error('no file')
      bytes = found.size
    } catch {
      throw new UnfollowedReference('cannot be followed: the file cannot be read')
    }
    if (isOutside(realpathSync(this.#folder), real)) throw new UnfollowedReference(elsewhere)
    if (bytes > maxDocumentBytes) throw new UnfollowedReference('leads to a file of more than 5 MiB')
    this.#bytes += bytes
    if (++this.#files > maxFiles || this.#bytes > maxBundleBytes) throw new UnfollowedReference(`is one too many: a contract may consist of ${maxFiles} files of 20 MiB together`)
    const text = readFileSync(real, 'utf8')
    this.digests.set(path, digestOf(text))
    return text
  }
}

/** SHA-256 (hex) of a file that was read as text. */
export function digestOf (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Whether a target of a reference is a URL, of any scheme. */
export function isUrl (target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(target)
}

/** What a target, as it is written in a file or at a URL, leads to: an absolute path or URL, without fragment. Throws UnfollowedReference for URLs that are never read. */
export function resolveTarget (target: string, from: string): string {
  if (!isUrl(target) && !isUrl(from)) return resolve(dirname(from), decode(target))
  if (!URL.canParse(target, isUrl(from) ? from : undefined)) throw new UnfollowedReference('is no URL')
  const url = new URL(target, isUrl(from) ? from : undefined)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new UnfollowedReference('leads outside the bundle; save that file beside the contract and refer to it with a relative path')
  if (url.username !== '' || url.password !== '') throw new UnfollowedReference('leads outside the bundle, to a URL with credentials: these do not belong into a contract')
  url.hash = ''
  return url.href
}

/** Decodes percent-encoding where there is any; what is broken stays as it is. */
export function decode (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isOutside (folder: string, path: string): boolean {
  const inside = relative(folder, path)
  return inside === '..' || inside.startsWith(`..${sep}`)
}

function fileNameOf (url: string): string {
  return basename(new URL(url).pathname).replaceAll(/[^\w.-]/g, '-') || 'index.yaml'
}

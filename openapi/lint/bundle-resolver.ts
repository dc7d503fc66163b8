import { dirname } from 'node:path'
import { Resolver } from '@stoplight/spectral-ref-resolver'
import { BundleFolder, decode, isUrl } from '../reading/vendored.ts'
import type { BundledFile } from '../reading/vendored.ts'

/**
 * Follows the references of a contract for Spectral as the loader does: in its own folder and to what is vendored there, never over the network.
 * `read` turns the text of a file into what is parsed; what was read is noted in `files`.
 */
export function resolverFor (contract: string, files: Map<string, BundledFile>, read: (file: BundledFile) => string): Resolver {
  const folder = new BundleFolder(dirname(contract))
  const resolve = async (reference: { href: () => string }): Promise<string> => {
    const name = reference.href()
    const file = folder.read(isUrl(name) ? name : decode(name))
    files.set(name.replace(/\/$/, ''), file)
    return read(file)
  }
  return new Resolver({ resolvers: { file: { resolve }, http: { resolve }, https: { resolve } } })
}

import { readFile, realpath } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { Resolver } from '@stoplight/spectral-ref-resolver'

/**
 * Follows references for Spectral: to files in the contract's own folder and nowhere else, never over the network. `read` turns the text of such
 * a file into what is parsed.
 */
export function resolverFor (contract: string, read: (text: string, file: string) => string): Resolver {
  const folder = realpath(dirname(contract))
  const resolveFile = async (reference: { href: () => string }): Promise<string> => {
    const file = resolve(decodeURIComponent(reference.href()))
    const inside = relative(await folder, await realpath(file).catch(() => { throw new Error(`${reference.href()} cannot be read`) }))
    if (inside === '..' || inside.startsWith(`..${sep}`)) throw new Error(`${reference.href()} is outside the folder of the contract`)
    return read(await readFile(file, 'utf8'), file)
  }
  const refuse = async (reference: { href: () => string }): Promise<never> => { throw new Error(`${reference.href()} is not fetched`) }
  return new Resolver({ resolvers: { file: { resolve: resolveFile }, http: { resolve: refuse }, https: { resolve: refuse } } })
}

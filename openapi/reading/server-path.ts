import { atPointer, isObject } from '../document.ts'
import type { JsonObject } from '../document.ts'

/**
 * The path under which a contract says that it is served: that of its first server, variables replaced by their defaults, without a slash at its
 * end. '' where nothing can be read from it, as from placeholders: the configuration says the path then.
 */
export function serverPath (document: JsonObject): string {
  const server = atPointer(document, '/servers/0')
  const url = isObject(server) ? server['url'] : undefined
  if (!isObject(server) || typeof url !== 'string') return ''
  const filled = url.trim().replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    const value = atPointer(server, `/variables/${name.replaceAll('~', '~0').replaceAll('/', '~1')}/default`)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : whole
  })
  // A host may be a placeholder, or have no scheme before it.
  const path = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/]*(.*)$/is.exec(filled)?.[1] ?? /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(\/.*)?$/i.exec(filled)?.[1] ?? (filled.includes(':') ? '' : filled)
  if (/[<>{}$\s]/.test(path) || !URL.canParse(path, 'http://relative.invalid')) return ''
  return new URL(path === '' ? '/' : path, 'http://relative.invalid').pathname.replace(/\/+$/, '')
}

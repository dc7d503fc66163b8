import { isObject } from '../../openapi/document.ts'
import type { JsonObject } from '../../openapi/document.ts'
import type { Additions } from './additions.ts'

const loopback = /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:[:/]|$)/i

/** What the catalogue wants to know of an API itself. Nothing is made up: what only its owner knows stays empty, and is still found by `varco check`. */
export function addInfo ({ document, text, newId }: Additions): void {
  const info = isObject(document['info']) ? document['info'] : {}
  const add = (name: string, value: string | JsonObject, comment?: string): void => {
    if (info[name] === undefined) text.add(['info', name], value, { after: 'version', ...(comment !== undefined && { comment }) })
  }
  if (info['version'] === undefined) text.add(['info', 'version'], '1.0.0', { after: 'title' })
  if (typeof info['title'] === 'string' && info['title'].trim() !== '') add('x-summary', info['title'])
  add('x-api-id', newId())
  add('contact', {}, 'DA COMPLETARE: chi risponde di questa API: name, email o url')
}

/** What is known of each server by its address alone. */
export function addServers ({ document, text }: Additions): void {
  const paths = isObject(document['paths']) ? Object.entries(document['paths']) : []
  const holders = [{ path: [] as string[], holder: document }, ...paths.map(([path, holder]) => ({ path: ['paths', path], holder }))]
  for (const { path, holder } of holders) {
    const servers = isObject(holder) && Array.isArray(holder['servers']) ? holder['servers'] as readonly unknown[] : []
    for (const [index, server] of servers.entries()) {
      if (!isObject(server) || typeof server['url'] !== 'string') continue
      const place = [...path, 'servers', String(index)]
      const isLocal = loopback.test(server['url'])
      const host = URL.canParse(server['url']) ? new URL(server['url']).host : server['url']
      if (!server['description'] && server['description'] === undefined) text.add([...place, 'description'], isLocal ? 'Prova su questa macchina' : `Istanza su ${decodeURIComponent(host)}`, { after: 'url' })
      if (isLocal && server['x-sandbox'] === undefined && !server['url'].startsWith('https:')) text.add([...place, 'x-sandbox'], true, { after: 'url' })
    }
  }
}

import { accessSync, constants, existsSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { freePort } from '../free-port.ts'
import { haproxyConfig } from './haproxy.ts'
import type { HaproxyDepth } from './haproxy.ts'
import { nginxConfig } from './nginx.ts'
import { startProgram } from './peer.ts'
import type { Peer } from './peer.ts'

/** The file of a program that is installed here; servers lie in folders that not everybody looks in. */
export function findProgram (name: string, path = process.env['PATH'] ?? ''): string | undefined {
  return [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin'].map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable (file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A peer that is an HAProxy (2.5 or later, which knows JWTs). */
export function haproxy (name: string, depth: HaproxyDepth): Peer {
  return {
    name,
    claims: depth === 'plain' ? [] : ['voucher', 'limit'],
    missing: () => findProgram('haproxy') === undefined ? 'haproxy is not installed: install the package haproxy (2.5 or later)' : undefined,
    async start (work, place) {
      const port = await freePort()
      const file = join(place.folder, 'haproxy.cfg')
      await writeFile(file, haproxyConfig(depth, work, port))
      return startProgram('keeper.ts', [`${port}`, findProgram('haproxy') as string, '-db', '-q', '-f', file], place)
    }
  }
}

/** A peer that is an nginx with Lua. */
export function nginx (name: string, cached: boolean): Peer {
  return {
    name,
    claims: ['voucher', 'limit', 'query'],
    missing: missingOfNginx,
    async start (work, place) {
      const port = await freePort()
      const file = join(place.folder, 'nginx.conf')
      await writeFile(file, nginxConfig(work, cached, port, { modules: modulesOfNginx() ?? '', folder: place.folder }))
      return startProgram('keeper.ts', [`${port}`, findProgram('nginx') as string, '-e', 'stderr', '-c', file], place)
    }
  }
}

function missingOfNginx (): string | undefined {
  if (findProgram('nginx') === undefined) return 'nginx is not installed: install the packages nginx, libnginx-mod-http-lua and lua-cjson'
  if (!existsSync(join(modulesOfNginx() ?? '', 'ngx_http_lua_module.so'))) return 'nginx has no Lua here: install the packages libnginx-mod-http-lua and lua-cjson'
  return undefined
}

/** nginx says of itself how it was built; on standard error. */
function modulesOfNginx (): string | undefined {
  const built = execFileSync('sh', ['-c', '"$0" -V 2>&1', findProgram('nginx') ?? 'nginx'], { encoding: 'utf8' })
  return /--modules-path=(\S+)/.exec(built)?.[1]
}

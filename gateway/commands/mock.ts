import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { loadContract } from '../../openapi/contract.ts'
import { curlFor } from '../mock/curl.ts'
import { buildMock } from '../mock/server.ts'
import { announce, whenAskedToStop } from '../program.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command } from './command.ts'
import { readNamed } from './input.ts'

/** `varco mock`: a server that answers as a contract says. */
export const mock: Command = {
  name: 'mock',
  summary: 'Answer calls with the examples of a contract',
  usage: `varco mock FILE [--port N]

Serves a contract on 127.0.0.1 (port 8070 by default), below the path of its first server: calls are routed and checked as by the
gateway and refused with the same problems, but nobody has to prove who calls. Answers are the contract's examples; where it has
none, they are made of the schemas, and valid.
A call can say what it wishes (RFC 7240): Prefer: code=404 for another declared status, Prefer: example=NAME for a named example.`,
  async run (args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], options: { port: { type: 'string', default: '8070' } }, allowPositionals: true })
    const [file] = positionals
    if (file === undefined || positionals.length > 1) throw new UsageError('name one contract')
    const port = Number(values.port)
    if (!/^\d+$/.test(values.port) || port < 1 || port > 65_535) throw new UsageError(`--port takes a number from 1 to 65535, not ${JSON.stringify(values.port)}`)
    await readNamed(file)
    const contract = await loadContract(file)
    const url = new URL(`http://127.0.0.1:${port}`)
    const app = await buildMock(contract, url)
    await app.listen({ host: '127.0.0.1', port }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken: choose another with --port`) : error
    })
    const curl = curlFor(contract, url.origin)
    terminal.out(`${contract.title} ${contract.version}: ${contract.operations.length} operations. No voucher is needed: this is a mock, and answers invented data.\n`)
    for (const { pointer, message } of contract.notes) terminal.err(`${pointer}: ${message}\n`)
    if (curl !== undefined) terminal.out(`${curl}\n`)
    announce('varco mock', url.origin + contract.basePath)
    const stopped = Promise.withResolvers<void>()
    whenAskedToStop(stopped.resolve)
    await stopped.promise
    app.server.closeAllConnections()
    await Promise.all([app.close(), once(app.server, 'close')])
    return exitCodes.ok
  }
}

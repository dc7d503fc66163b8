import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

// Keeps a program that is not ours: it ends when the channel of this process ends, also where whoever started it dies without a word.
const [port, command, ...args] = process.argv.slice(2) as [string, string, ...string[]]
const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
let ending = false

function end (): void {
  ending = true
  child.kill('SIGTERM')
}

process.once('SIGTERM', end).once('disconnect', end)
child.once('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
child.once('exit', (code) => { process.exit(ending ? 0 : code ?? 1) })

async function listens (): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => { resolve(false) })
  })
}

while (!await listens()) await wait(20)
process.send?.({ url: `http://127.0.0.1:${port}`, pid: child.pid })

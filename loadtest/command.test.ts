import { spawnSync } from 'node:child_process'
import t from 'tap'

const program = `
  import { runCommand } from '${new URL('command.ts', import.meta.url).href}'
  const read = ([arg]) => { if (arg === 'bad') throw new Error('bad is no argument'); return { help: arg === 'help' } }
  await runCommand({ usage: 'usage: this', failed: 'it failed', read, run: async () => { throw new TypeError('no room') } })`

const cases: readonly (readonly [name: string, arg: string, code: number, stdout: string, stderr: string])[] = [
  ['a wrong command line is told with the usage', 'bad', 64, '', 'bad is no argument\n\nusage: this\n'],
  ['what fails later is told in a sentence, whatever it throws', 'good', 1, '', 'it failed: no room\n'],
  ['help goes to standard output', 'help', 0, 'usage: this\n', '']
]

for (const [name, arg, code, stdout, stderr] of cases) {
  t.test(name, async (t) => {
    const { status, ...said } = spawnSync(process.execPath, ['--input-type=module', '-e', program, 'command', arg], { encoding: 'utf8' })
    t.match({ status, ...said }, { status: code, stdout, stderr })
    t.equal(said.stdout + said.stderr, stdout + stderr)
  })
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'

/** A process that runs this with `output`: its standard output, of which nothing is read yet, what it says on standard error, and the code with which it ends. */
function running (code: string, stdout: 'pipe' | number = 'pipe'): { readonly out: Readable, readonly said: Promise<string>, readonly ended: Promise<unknown> } {
  const program = `import { openOutput } from ${JSON.stringify(new URL('log.ts', import.meta.url).href)}\nconst output = openOutput()\n${code}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', stdout, 'pipe'] })
  t.teardown(() => child.kill())
  return { out: child.stdout as Readable, said: text(child.stderr as Readable), ended: once(child, 'exit').then(([exitCode]) => exitCode as unknown) }
}

t.test('no line is lost or torn where whoever reads is slow', async (t) => {
  const { out } = running('for (let n = 0; n < 40; n++) output.write(JSON.stringify({ n, text: "è".repeat(30_000) }) + "\\n"); setTimeout(() => { process.exit() }, 500)')
  await wait(300)
  const lines = (await text(out)).split('\n')
  t.equal(lines.pop(), '')
  t.strictSame(lines.map((line) => (JSON.parse(line) as { n: number }).n), Array.from({ length: 40 }, (_, n) => n))
})

t.test('nobody waits for a reader that takes nothing: what waits is bounded, lines beyond are dropped and counted, also at the end', async (t) => {
  const began = performance.now()
  const { out, said, ended } = running(`
    let turns = 0
    const fill = () => {
      for (let n = 0; n < 100; n++) output.write("x".repeat(9999) + "\\n")
      if (++turns < 20) return setImmediate(fill)
      process.stderr.write(String(output.dropped))
      setTimeout(() => { process.exit(9) }, 50)
    }
    fill()`)
  t.equal(await ended, 9, 'it ends although nobody reads')
  t.ok(performance.now() - began < 15_000)
  const dropped = Number(await said)
  t.ok(dropped > 1000 && dropped < 2000, String(dropped))
  out.destroy()
})

t.test('what is written last is written', async (t) => {
  t.equal(await text(running('process.on("exit", () => { output.write("c\\n") }); output.write("a\\n"); output.write("b\\n"); process.exit()').out), 'a\nb\nc\n')
})

t.test('where nobody reads any more it goes on, and counts what nobody gets', async (t) => {
  const { out, said, ended } = running('setTimeout(() => { output.write("a\\n"); setTimeout(() => { output.write("b\\nc\\n"); setImmediate(() => { process.stderr.write(String(output.dropped)); process.exit(7) }) }, 1) }, 1)')
  out.destroy()
  t.equal(await ended, 7)
  t.equal(await said, '3')
})

t.test('where it is a file and the disk is full it goes on too: what there is no room for waits, lines beyond are dropped and counted', { skip: process.platform !== 'linux' }, async (t) => {
  const full = openSync('/dev/full', 'w')
  const { said, ended } = running(`
    output.write("a\\n")
    setTimeout(() => {
      const before = output.dropped
      for (let n = 0; n < 10; n++) output.write("x".repeat(999_999) + "\\n")
      process.stderr.write(JSON.stringify([before, output.dropped]))
      setTimeout(() => { process.exit(8) }, 20)
    }, 20)`, full)
  closeSync(full)
  t.equal(await ended, 8)
  t.equal(await said, '[0,2]')
})

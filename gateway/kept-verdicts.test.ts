import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import { until } from './harness/gateway.ts'
import { KeptVerdicts } from './kept-verdicts.ts'
import { Verdicts } from './verdicts.ts'
import type { LintVerdict } from './verdicts.ts'

const folder = await mkdtemp(join(tmpdir(), 'varco-verdicts-'))
t.teardown(async () => rm(folder, { recursive: true, force: true }))
const path = join(folder, 'state/verdicts.json')
const verdict: LintVerdict = { profile: 'pdnd', errors: 0, warnings: 2 }

t.test('verdicts are kept whole, for the same program only', async (t) => {
  const kept = new KeptVerdicts(path)
  t.strictSame(await kept.read(), new Map())
  await kept.write(new Map([['pdnd x', verdict]]))
  t.strictSame(await new KeptVerdicts(path).read(), new Map([['pdnd x', verdict]]))
  if (process.platform !== 'win32') t.equal((await stat(path)).mode & 0o777, 0o600)
  t.strictSame(await new KeptVerdicts(path, 'another program').read(), new Map())
  const text = await readFile(path, 'utf8')
  for (const other of ['', text.slice(0, -3), '[]', text.replace('"errors":0', '"errors":-1'), text.replace('"pdnd",', '"none",')]) {
    await writeFile(path, other)
    t.strictSame(await kept.read(), new Map(), other.slice(-60))
  }
  await t.resolves(new KeptVerdicts(join(path, 'below-a-file')).write(new Map([['pdnd x', verdict]])))
})

t.test('a contract that was judged by an earlier start is not judged again while its files are the same, and the log is told all the same', async (t) => {
  const judged: string[] = []
  const told: string[] = []
  const judge = async (file: string) => {
    judged.push(file)
    return []
  }
  const config = { publicUrl: 'http://127.0.0.1' } as unknown as Parameters<Verdicts['admit']>[0]
  const eservicesOf = (mode: 'enforce' | 'warn', digest: string) => [{ config: { name: 'x', lint: { profile: 'pdnd', mode } }, contract: { file: 'x.yaml', sha256: 'x', digests: new Map([['x.yaml', digest]]) } }] as unknown as Parameters<Verdicts['admit']>[1]
  const start = async (mode: 'enforce' | 'warn', digest: string): Promise<void> => {
    const log = pino(new Writable({ write (chunk: Buffer, _encoding, done) {
      told.push(chunk.toString())
      done()
    } }))
    const verdicts = new Verdicts(log, judge, new KeptVerdicts(path))
    await verdicts.admit(config, eservicesOf(mode, digest))
    verdicts.attend(config, eservicesOf(mode, digest), 0)
    if (mode === 'warn') await until(() => told.length > 0)
    verdicts.close()
  }
  await rm(path, { force: true })
  await start('enforce', 'a')
  t.equal(judged.length, 1)
  await start('enforce', 'a')
  await start('warn', 'a')
  t.equal(judged.length, 1, 'what is known lets it go live')
  t.equal(told.at(-1)?.includes('"eservice":"x"'), true)
  await start('enforce', 'b')
  t.equal(judged.length, 2)
})

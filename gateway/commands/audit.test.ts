import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openAudit } from '../audit/audit.ts'
import { keep, noon, openTestTrail } from '../audit/audit-fixture.ts'
import { openHeadSigner } from '../audit/audit-heads.ts'
import { verifyNeighbours } from '../audit/neighbours.ts'
import { runCommandLine } from '../command-line.ts'

interface Run { readonly code: number, readonly out: string, readonly err: string }

async function varco (...args: readonly string[]): Promise<Run> {
  const said = { out: '', err: '' }
  const code = await runCommandLine(['audit', ...args], { out: (text) => { said.out += text }, err: (text) => { said.err += text }, stdin: async () => Buffer.alloc(0), env: {}, now: () => noon })
  return { code, ...said }
}

const folder = t.testdir({ state: { 'worker-1': {}, 'worker-2': {} }, none: {} })
const state = join(folder, 'state')
const midnight = Date.parse('2026-03-02T23:00:00Z')

/** A record of a call that was answered at a time. */
const record = (correlationId: string, endedAt: number, more: object = {}): object => ({
  time: new Date(endedAt - 5).toISOString(), durationMs: 5, correlationId, status: 200, method: 'GET', eservice: 'archive', operation: '/rest/archive/v1/items/{id}',
  consumerId: 'consumer-1', clientId: 'client-1', purposeId: 'purpose-1', user: 'pseudonym-1', ...more
})

const one = await openTestTrail(join(state, 'worker-1'), { node: 'node-1' })
await keep(one.trail, record('a', noon), noon)
await keep(one.trail, record('b', noon, { purposeId: 'purpose-2' }), noon)
await keep(one.trail, record('c', midnight + 1000), midnight + 1000)
// Answered before midnight, written behind one that was not.
await keep(one.trail, record('d', midnight - 1000), midnight - 1000)
await one.trail.close()
const two = await openTestTrail(join(state, 'worker-2'), { node: 'node-2' })
await keep(two.trail, record('e', noon, { consumerId: 'consumer-2', status: 403, code: 'purpose-unknown', user: undefined, operation: '/\u001b[31m\u2028' }), noon)
await two.trail.close()

const idsOf = (out: string): unknown[] => out.split('\n').slice(0, -1).map((line) => (JSON.parse(line) as { correlationId: unknown }).correlationId)

t.test('who called what for which purpose and when, by purpose, consumer, day and correlation id', async (t) => {
  const cases: readonly (readonly [args: readonly string[], ids: readonly string[]])[] = [
    [[], ['a', 'b', 'c', 'd', 'e']],
    [['--purpose', 'purpose-1'], ['a', 'c', 'd', 'e']],
    [['--consumer', 'consumer-2'], ['e']],
    [['--consumer', 'CONSUMER-2'], ['e']],
    [['--day', '2026-03-02'], ['a', 'b', 'd', 'e']],
    [['--day', '2026-03-03'], ['c']],
    [['--day', '2026-03-04'], []],
    [['--correlation', 'b'], ['b']],
    [['--purpose', 'purpose-1', '--consumer', 'consumer-1', '--day', '2026-03-02'], ['a', 'd']],
    [['--purpose', 'purpose-2', '--correlation', 'a'], []]
  ]
  for (const [args, ids] of cases) {
    const { code, out, err } = await varco('show', '--state', state, '--json', ...args)
    t.strictSame([code, idsOf(out), err], [0, ids, ''], args.join(' '))
  }
  t.match(JSON.parse((await varco('show', '--state', state, '--json', '--correlation', 'b')).out), { v: 1, ...record('b', noon, { purposeId: 'purpose-2' }) })
})

t.test('people get a table, in which nothing moves their cursor', async (t) => {
  const { code, out } = await varco('show', '--state', state, '--day', '2026-03-02')
  t.equal(code, 0)
  const lines = out.split('\n')
  t.match(lines[0], /^when \(in Italy\) +outcome +consumer +client +purpose +user +what +correlation$/)
  t.match(lines[1], /^2026-03-02T11:59:59\.995\+01:00 +200 +consumer-1 +client-1 +purpose-1 +pseudonym-1 +GET \/rest\/archive\/v1\/items\/\{id\} \(archive\) +a$/)
  t.match(lines[4], /403 +consumer-2 +client-1 +purpose-1 +- +GET \/\\u001b\[31m\\u2028 \(archive\) refused: purpose-unknown +e$/)
  t.equal(lines[5], '4 calls')
  t.match(await varco('show', '--state', join(folder, 'none')), { code: 0, out: '0 calls\n' })
})

t.test('all is verified, by the keys beside the files or by those that are given', async (t) => {
  const good = await varco('verify', '--state', state)
  t.match(good, { code: 0, err: '', out: /^worker-1\/audit: 8 lines in 2 files are good, 2 heads are signed with [\w-]{43}\nworker-2\/audit: 3 lines in 1 files are good, 1 heads are signed with [\w-]{43}\n$/ })
  const pems = await Promise.all([1, 2].map(async (worker) => createPublicKey(await readFile(join(state, `worker-${worker}`, 'audit-key.pem'))).export({ type: 'spki', format: 'pem' })))
  const signers = await Promise.all([1, 2].map(async (worker) => openHeadSigner(join(state, `worker-${worker}`, 'audit-key.pem'))))
  const keys = { 'keys.pem': pems.join('\n'), 'keys.json': JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }), 'key.json': JSON.stringify(signers[0]!.jwk), 'none.pem': 'nothing' }
  for (const [name, content] of Object.entries(keys)) await writeFile(join(folder, name), content)
  for (const name of ['keys.pem', 'keys.json']) t.match(await varco('verify', '--state', state, '--key', join(folder, name)), { code: 0, err: '' }, name)
  t.match(await varco('verify', '--state', state, '--key', join(folder, 'key.json')), { code: 1, err: /^BROKEN: worker-2\/2026-03-02\.0001\.audit, line 1: its heads are signed with the key [\w-]{43}, which is not trusted here \(--key\)\nBROKEN: worker-2\/2026-03-02\.0001\.audit, line 3: a signed head: it is not signed with a key that is trusted here\n$/ })
  t.match(await varco('verify', '--state', state, '--key', join(folder, 'none.pem')), { code: 2, err: /none\.pem cannot be used/ })
  t.match(await varco('verify', '--state', state, '--key', join(folder, 'nowhere.pem')), { code: 2, err: /nowhere\.pem cannot be read \(ENOENT\)/ })
})

t.test('heads that were logged are held against the files of the process that signed them', async (t) => {
  const log = join(folder, 'log.jsonl')
  await writeFile(log, `not JSON "jws":\n${[...one.heads, ...two.heads].map((head) => JSON.stringify({ level: 30, ...head })).join('\n')}\n{"jws":"x.y.z"}\n{"jws":1}\n`)
  t.match(await varco('verify', '--state', state, '--log', log), { code: 0, err: '' })
  const copy = join(folder, 'copy')
  execFileSync('cp', ['-r', state, copy])
  await writeFile(join(copy, 'worker-2', 'audit', '2026-03-02.0001.audit'), '')
  t.match(await varco('verify', '--state', copy), { code: 0 }, 'nothing else knows of it')
  t.match(await varco('verify', '--state', copy, '--log', log), { code: 1, err: 'BROKEN: worker-2/2026-03-02.0001.audit, line 0: it ends here, and a head that was logged knows of 2 lines: its end was taken away\n' })
  execFileSync('rm', ['-r', join(copy, 'worker-2', 'audit')])
  t.match(await varco('verify', '--state', copy, '--log', log), { code: 1, err: 'BROKEN: worker-2/2026-03-02.0001.audit: it is missing, and a head that was logged knows of it\n' })
})

t.test('a process whose folder is taken away is missed, by the heads of those beside it', async (t) => {
  const beside = join(folder, 'beside')
  await mkdir(beside)
  const start = async (worker: number, heads: object[] = []) => {
    const audit = await openAudit({ state: beside, folder: join(beside, `worker-${worker}`), node: `node-${worker}`, now: () => noon, warn: () => undefined, head: (head) => { heads.push(head) }, retentionDays: () => 365 })
    await keep(audit.trail, record(`of ${worker}`, noon), noon)
    return audit
  }
  const logged: object[] = []
  for (const worker of [1, 2, 3, 1]) await (await start(worker, logged)).close()
  await (await start(3)).close()
  t.match(await varco('verify', '--state', beside), { code: 0, err: '' })
  const log = join(folder, 'beside.jsonl')
  await writeFile(log, logged.map((head) => `${JSON.stringify(head)}\n`).join(''))
  const without = async (paths: readonly string[], ...args: readonly string[]): Promise<Run> => {
    const copy = join(t.testdir({}), 'copy')
    execFileSync('cp', ['-r', beside, copy])
    for (const path of paths) execFileSync('rm', ['-r', join(copy, path)])
    return varco('verify', '--state', copy, ...args)
  }
  t.match(await without(['worker-2']), { code: 1, err: /^BROKEN: worker-2\/audit: there is no file in it, and worker-3\/2026-03-02\.000\d\.audit knows of 2026-03-02\.0001\.audit: all of it was taken away\n$/ })
  t.match(await without(['worker-2/audit']), { code: 1, err: /^BROKEN: worker-2\/audit: there is no file in it/ }, 'though its key is there')
  t.match(await without(['worker-3']), { code: 1, err: /^BROKEN: worker-3\/audit: there is no file in it, and worker-1\/2026-03-02\.0002\.audit knows/ })
  t.match(await without(['worker-3', 'worker-2']), { code: 1, err: /BROKEN: worker-2\/audit[^]*BROKEN: worker-3\/audit/ })
  t.match(await without(['worker-3/audit/2026-03-02.0001.audit']), { code: 1, err: /worker-3\/audit\/2026-03-02\.0001\.audit: it is missing, and worker-1\/2026-03-02\.0002\.audit knows of it/ })
  const last = ['worker-2', 'worker-3', 'worker-1/audit/2026-03-02.0002.audit']
  t.match(await without(last), { code: 0 }, 'nothing is left that knows of it')
  t.match(await without(last, '--log', log), { code: 1, err: /BROKEN: worker-1\/2026-03-02\.0002\.audit: it is missing[^]*BROKEN: worker-2\/audit: there is no file in it, and a head that was logged knows/ })
  execFileSync('rm', ['-r', join(beside, 'worker-2')])
  await (await start(2)).close()
  t.match(await varco('verify', '--state', beside), { code: 1, err: /BROKEN: worker-2\/audit\/2026-03-02\.0001\.audit: it begins otherwise than worker-3\/2026-03-02\.000\d\.audit knows: another one was put in its place/ }, 'nor does a new folder hide it')
})

t.test('the time of records is over for those of processes that are gone, too', async (t) => {
  const testimony = { place: 'worker-9/audit', beginning: { file: '2026-03-01.0001.audit', lines: 1, hash: 'h' }, by: 'x' }
  t.strictSame(await verifyNeighbours(state, [testimony, { ...testimony, by: 'y' }], (day) => day < '2026-03-02'), [])
  t.equal((await verifyNeighbours(state, [testimony, { ...testimony, by: 'y' }], () => false)).length, 1)
})

t.test('where there is nothing to verify, or nothing to hold it against, that is said and not passed over', async (t) => {
  const none = join(folder, 'none')
  t.match(await varco('verify', '--state', none), { code: 1, err: `there are no records of calls in ${none}\n` })
  const gone = join(folder, 'gone')
  execFileSync('cp', ['-r', state, gone])
  execFileSync('rm', ['-r', join(gone, 'worker-2', 'audit')])
  t.match(await varco('verify', '--state', gone), { code: 0, out: /^note: worker-2\/audit-key\.pem: there is no file that was signed with it/m })
  const log = join(folder, 'other.jsonl')
  await writeFile(log, '{"level":30}\n')
  t.match(await varco('verify', '--state', state, '--log', log), { code: 0, out: /^note: worker-1\/audit: .*other\.jsonl has no signed head of these files$/m })
  t.match(await varco('verify', '--state', state, '--log', join(folder, 'nowhere')), { code: 2, err: /nowhere cannot be read \(ENOENT\)/ })
})

t.test('what cannot be read is told, and everything else is shown', async (t) => {
  const copy = join(folder, 'broken')
  execFileSync('cp', ['-r', state, copy])
  await appendFile(join(copy, 'worker-1', 'audit', '2026-03-02.0001.audit'), 'garbage\n')
  const { code, out, err } = await varco('show', '--state', copy)
  t.strictSame([code, err], [1, 'worker-1/2026-03-02.0001.audit, line 5: it cannot be read; see varco audit verify\n'])
  t.match(out, /\n5 calls; 1 lines could not be read\n$/)
  t.match(await varco('verify', '--state', copy), { code: 1, err: 'BROKEN: worker-1/2026-03-02.0001.audit, line 5: it is no line that was written: it was overwritten\n' })
})

t.test('what is misspelt is told', async (t) => {
  await mkdir(join(folder, 'empty'), { recursive: true })
  const cases: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [[], /say show or verify/], [['prove'], /"prove" is not understood/], [['show', 'all'], /"all" is not understood/],
    [['show', '--key', 'x'], /--key and --log are for verify/], [['verify', '--purpose', 'x'], /verify checks everything/], [['verify', '--json'], /verify checks everything/],
    [['show', '--day', '2026-02-30', '--state', state], /"2026-02-30" is no day/], [['show', '--state', join(folder, 'nowhere')], /there is no folder/],
    [['show', '--state', state, '--config', 'x'], /give --config or --state/], [['show', '--purposes', 'x'], /purposes/]
  ]
  for (const [args, said] of cases) t.match(await varco(...args), { code: 2, err: said }, args.join(' '))
})

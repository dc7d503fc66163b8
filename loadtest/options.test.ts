import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readOptions } from './options.ts'

t.test('what is not said has a usual value', async (t) => {
  t.match(await readOptions([]), { json: undefined, html: undefined, help: false, list: false, only: [], seconds: 3, calls: undefined, rounds: 3, connections: 64, aimed: undefined })
})

t.test('what is said is taken', async (t) => {
  t.match(await readOptions(['--only', 'dpop,reference', '--only', 'dpop, Redis on', '--seconds', '1', '--rounds', '100', '--connections', '1000', '--html', 'x.html']), { only: ['dpop,reference', 'dpop, Redis on'], seconds: 1, rounds: 100, connections: 1000, html: 'x.html' })
  t.match(await readOptions(['--calls', '1000000', '--list', '--help']), { calls: 1_000_000, list: true, help: true })
  t.match(await readOptions(['--overload', '--seconds', '1', '--rounds', '2', '--json', 'x.json']), { overload: true, seconds: 1, rounds: 2, json: 'x.json' })
})

t.test('JSON goes to standard output unless a file is named', async (t) => {
  for (const [args, json] of [[['--json'], '-'], [['--json', '--list'], '-'], [['--json', 'x.json'], 'x.json'], [['--json=x.json'], 'x.json']] as const) t.match(await readOptions(args), { json }, args.join(' '))
})

t.test('a gateway that is there already', async (t) => {
  const file = join(t.testdir(), 'voucher')
  await writeFile(file, 'aGVhZA.Y2xhaW1z.c2ln\n')
  t.match(await readOptions(['--url', 'http://127.0.0.1:8080', '--path', '/rest/tickets/v1/channels?limit=1', '--voucher-from', file, '--expect-status', '429']), {
    aimed: { aim: { origin: 'http://127.0.0.1:8080' }, path: '/rest/tickets/v1/channels?limit=1', voucher: 'aGVhZA.Y2xhaW1z.c2ln', status: 429, owned: false }
  })
  t.match(await readOptions(['--url', 'https://192.0.2.1', '--i-own-this-target']), { aimed: { aim: { origin: 'https://192.0.2.1' }, path: '/', voucher: undefined, status: 200, owned: true } })
})

t.test('what is wrong is told in a sentence', async (t) => {
  const file = join(t.testdir(), 'secret')
  await writeFile(file, 'no voucher, but a secret')
  const url = ['--url', 'http://127.0.0.1:8080']
  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['--seconds=0'], /^--seconds is "0": it must be a whole number from 1 to 3600$/],
    [['--seconds', '3601'], /^--seconds is "3601"/],
    [['--rounds', '1.5'], /^--rounds is "1\.5"/],
    [['--connections', '1001'], /^--connections is "1001"/],
    [['--calls', 'many'], /^--calls is "many"/],
    [['--calls', '10', '--seconds', '1'], /^--seconds and --calls are two ways to say how long a round is: give one$/],
    [['--fast'], /'--fast'/],
    [['fast'], /fast/],
    [['--url', 'http://192.0.2.1'], /^192\.0\.2\.1 is not this machine: /],
    [['--url', 'http://127.0.0.1@192.0.2.1'], /^a user name in an address is not taken/],
    [['--i-own-this-target'], / go with --url$/],
    [['--voucher-from', file], / go with --url$/],
    [['--path', '/'], / go with --url$/],
    ...['--list', '--peers', '--url=http://127.0.0.1:8080', '--only=dpop', '--calls=10', '--connections=10', '--html=x.html'].map((other) => [['--overload', other], /^--[a-z]+ is not heeded by --overload/] as const),
    [['--expect-status', '200'], / go with --url$/],
    [[...url, '--only', 'dpop'], / are about what the load test starts itself, not about --url$/],
    [[...url, '--path', 'rest'], /^--path is "rest": it must begin with one \//],
    [[...url, '--path', '//192.0.2.1/'], /^--path is/],
    [[...url, '--path', '/\\192.0.2.1'], /^--path is/],
    [[...url, '--path', '/a b'], /^--path is/],
    [[...url, '--path', '/a\r\nX: y'], /^--path is/],
    [[...url, '--path', '/a#b'], /^--path is/],
    [[...url, '--path', '@192.0.2.1/'], /^--path is/],
    [[...url, '--expect-status', '99'], /^--expect-status is "99": it must be a whole number from 200 to 599$/],
    [[...url, '--voucher-from', join(file, 'nothing')], /^--voucher-from .* cannot be read \(ENOTDIR\)$/],
    [[...url, '--voucher-from', file], /^--voucher-from \S+ holds no voucher: it must be one JWT and nothing else$/]
  ]
  for (const [args, says] of wrong) {
    const error = await readOptions(args).catch((thrown: unknown) => thrown)
    t.match(error, { message: says }, args.join(' '))
    t.notMatch((error as Error).message, 'but a secret')
  }
})

import { spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { calculateJwkThumbprint, decodeJwt } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import { sandboxSecret } from '../openapi/varco-call.ts'
import { runCommandLine } from './command-line.ts'
import { freePort } from './harness/free-port.ts'
import { launch, launchWith, root, temporaryFolder } from './harness/process.ts'
import { layKeys } from './sandbox/keys-fixture.ts'

const folder = await temporaryFolder(t)
const port = await freePort()
const nobodysPort = await freePort()
process.chdir(folder)
process.env['NO_COLOR'] = '1'
await layKeys(join(folder, '.varco/sandbox'))
await launch(t, ['gateway/sandbox/main.ts'], { cwd: folder, port }).says(/ready on/)

interface Run { readonly code: number | string, readonly out: string, readonly err: string }
interface How { readonly input?: string, readonly sandbox?: number, readonly env?: Record<string, string> }

/** Runs the command in this process, in the folder of the running sandbox. */
async function varco (args: readonly string[], { input = '', sandbox = port, env = {} }: How = {}): Promise<Run> {
  const said = { out: '', err: '' }
  const code = await runCommandLine(args, {
    out: (text) => { said.out += text },
    err: (text) => { said.err += text },
    stdin: async () => Buffer.from(input),
    env: { PORT: String(sandbox), ...env },
    now: Date.now
  })
  return { code, ...said }
}

/** Runs it as the process that a person starts, with this Node or another. */
async function varcoProcess (args: readonly string[], { input = '', sandbox = port, env = {} }: How = {}, node = process.execPath): Promise<Run> {
  const program = launchWith(t, node, [join(root, 'gateway/varco.js'), ...args], { cwd: folder, port: sandbox, env, input })
  return { code: await program.ended, out: program.out, err: program.err }
}

/** A voucher of ISTAT on the tickets as the sandbox mints it, with what is to be different. */
async function mint (different: { claims?: Record<string, unknown>, expiresIn?: number } = {}): Promise<string> {
  const body = JSON.stringify({ client: 'istat', purpose: 'istat-tickets', ...different })
  const answer = await fetch(`http://127.0.0.1:${port + 1}/debug/vouchers`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return (await answer.json() as { access_token: string }).access_token
}

function checkSignatureHidden (t: Test, voucher: string, { out, err }: Run): void {
  const signature = voucher.split('.')[2] ?? ''
  t.ok(signature.length > 40 && !(out + err).includes(signature.slice(0, 20)), 'the signature is not shown')
}

t.test('help, and what is misspelt, come with the exit code that scripts expect', async (t) => {
  const cases: { args: readonly string[], code: number, out?: RegExp, err?: RegExp }[] = [
    { args: [], code: 2, err: / start .*\n +check .*\n +plan .*\n +reload .*\n[^]* +voucher .*\n +call .*\n +explain / },
    { args: ['--help'], code: 0, out: /Exit codes: 0 ok, 1 findings, 2 usage, 78 configuration/ },
    { args: ['vuocher'], code: 2, err: /there is no command "vuocher"\. Did you mean "voucher"\?/ },
    ...['start', 'plan', 'reload', 'diff', 'voucher', 'explain', 'vectors'].map((name) => ({ args: [name, '--help'], code: 0, out: new RegExp(`^varco ${name} `) })),
    { args: ['voucher'], code: 2, err: /name one e-service\n\nvarco voucher ESERVICE/ },
    { args: ['voucher', 'tickets', '--consumr', 'istat'], code: 2, err: /--consumr/ },
    { args: ['start', 'now'], code: 2, err: /'now'/ },
    { args: ['explain', 'no-such-file'], code: 2, err: /no-such-file cannot be read \(ENOENT\)/ },
    { args: ['explain'], code: 2, err: /there is no voucher and no request: give a file, or pipe one in/ },
    { args: ['explain', '--eservice', 'tickest'], code: 2, err: /no e-service "tickest".* Did you mean "tickets"\?/ }
  ]
  for (const { args, code, out = /^$/, err = /^$/ } of cases) {
    const run = await varco(args, { input: args.includes('--eservice') ? 'a.b.c' : '' })
    t.equal(run.code, code, `varco ${args.join(' ')}`)
    t.match(run.out, out)
    t.match(run.err, err)
  }
})

t.test('who reads the output may stop early, as head does', (t) => {
  const { stdout, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${join(root, 'gateway/varco.js')}" check "${join(root, 'openapi')}" --all --format sarif | head -c 10`], { cwd: folder, encoding: 'utf8' })
  t.equal(stdout.length, 10)
  t.equal(stderr, '')
  t.end()
})

t.test('voucher prints a voucher that explain accepts, from a file and from standard input', async (t) => {
  const printed = await varcoProcess(['voucher', 'tickets'])
  t.strictSame({ ...printed, out: '' }, { code: 0, out: '', err: '' })
  t.match(printed.out, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
  await writeFile(join(folder, 'voucher.txt'), printed.out)
  const runs = [
    await varcoProcess(['explain', 'voucher.txt']),
    await varcoProcess(['explain'], { input: printed.out }),
    await varco(['explain'], { input: `Authorization: Bearer ${printed.out}` }),
    await varco(['explain'], { input: `bearer ${printed.out}` })
  ]
  for (const run of runs) {
    t.equal(run.code, 0)
    t.match(run.out, /^pass +signature +a valid signature/m)
    t.match(run.out, /\ntickets: accepted\n$/)
    t.notMatch(run.out, /FAIL|\?\?\?\?|\u001b/)
    checkSignatureHidden(t, printed.out.trim(), run)
  }
})

t.test('voucher --json adds what the voucher is for, and a purpose can be chosen by its alias', async (t) => {
  const { code, out } = await varco(['voucher', 'surveys', '--consumer', 'comune-di-bologna', '--purpose', 'comune-di-bologna-surveys', '--json'])
  t.equal(code, 0)
  const told = JSON.parse(out) as Record<string, unknown>
  t.match(told, { voucher: /^eyJ/, tokenType: 'Bearer', expiresIn: 600, clientId: 'c26e0d9f-85b7-4f31-a8c4-0f9d7e6ba564', purposeId: '53f9b0a7-e2c6-4d1f-87ab-f5d0e8c9724a' })
  const claims = JSON.parse(Buffer.from(String(told['voucher']).split('.')[1] ?? '', 'base64url').toString()) as object
  t.match(claims, { client_id: told['clientId'], purposeId: told['purposeId'] })
})

t.test('voucher --internal prints the token of an application, which explain accepts where it is for', async (t) => {
  const { code, out, err } = await varco(['voucher', 'tickets', '--internal', 'milano-crm'])
  t.equal(code, 0, err)
  const token = out.trim()
  const explained = await varco(['explain'], { input: token })
  t.equal(explained.code, 0, explained.out)
  t.match(explained.out, /^pass +Authorization signature +a valid signature/m)
  t.match(explained.out, /^pass +grant +"tickets-contact-center"/m)
  t.notOk(explained.out.includes(token.slice(-30)))
  const request = (listener: number): string => `GET /rest/tickets/v1/tickets HTTP/1.1\r\nHost: 127.0.0.1:${listener}\r\nAuthorization: Bearer ${token}\r\n\r\n`
  t.equal((await varco(['explain', '--eservice', 'tickets'], { input: request(port + 3) })).code, 0)
  t.match(await varco(['explain', '--eservice', 'tickets'], { input: request(port) }), { code: 1, out: /^FAIL +kind of caller +expected a voucher of the platform, got a token of an internal application$/m })
  const told = JSON.parse((await varco(['voucher', 'tickets', '--internal', 'milano-crm', '--purpose', 'milano-crm-tickets', '--json'])).out) as object
  t.match(told, { voucher: /^eyJ/, tokenType: 'Bearer', expiresIn: 300, clientId: 'b4f6a0d7-3c8e-4195-a7d2-6e9b0f5c8169', purposeId: 'e9b3c5a8-7f02-4d61-a4c9-8e0d6f1b254f' })
  for (const [args, message] of [
    [['--internal', 'crm'], /there is no internal client "crm" in the demonstration/],
    [['--internal', 'milano-crm', '--dpop', 'x.pem'], /an internal application has no voucher/],
    [['--internal', 'milano-crm', '--purpose', 'none'], /there is no purpose "none"/],
    [['--internal', '30000000-0000-4000-8000-000000000001'], /cannot be read \(ENOENT\)/],
    [['--key', 'x.pem'], /--key and --config go with --internal/]
  ] as const) t.match(await varco(['voucher', 'tickets', ...args]), { code: 2, err: message })
})

t.test('voucher --dpop makes a key file for its owner only and binds every voucher to it', async (t) => {
  const keyFile = join(folder, 'dpop.pem')
  const first = await varcoProcess(['voucher', 'tickets', '--dpop', 'dpop.pem'])
  t.strictSame({ ...first, out: '' }, { code: 0, out: '', err: '' })
  const pem = await readFile(keyFile, 'utf8')
  if (process.platform !== 'win32') t.equal((await stat(keyFile)).mode & 0o777, 0o600)
  const second = await varco(['voucher', 'tickets', '--dpop', keyFile, '--json'])
  t.equal(second.code, 0)
  const told = JSON.parse(second.out) as Record<string, unknown>
  t.match(told, { tokenType: 'DPoP', expiresIn: 600 })
  t.equal(await readFile(keyFile, 'utf8'), pem)
  const jkt = await calculateJwkThumbprint(createPublicKey(pem).export({ format: 'jwk' }))
  for (const voucher of [first.out.trim(), String(told['voucher'])]) t.strictSame(decodeJwt(voucher)['cnf'], { jkt })
  await writeFile(keyFile, 'not a key')
  t.match(await varco(['voucher', 'tickets', '--dpop', keyFile]), { code: 1, out: '', err: /^varco voucher: .*dpop\.pem is not a private key for ES256 / })
})

t.test('a voucher that cannot be had is a sentence that says why, and exit code 1', async (t) => {
  const cases: { args: readonly string[], says: RegExp, sandbox?: number, cwd?: string }[] = [
    { args: ['tickets', '--consumer', 'istta'], says: /^varco voucher: no tenant is called "istta"\. Did you mean "istat"\? Known: .*\n$/ },
    { args: ['tikets'], says: /^varco voucher: no e-service is called "tikets"\. Did you mean "tickets"\? Known: tickets, .*\n$/ },
    { args: ['tickets', '--consumer', 'regione-toscana'], says: /^varco voucher: regione-toscana has no purpose on tickets\n$/ },
    { args: ['tickets', '--purpose', 'istat-surveys'], says: /^varco voucher: no purpose of this consumer on this e-service is called "istat-surveys"\..* Known: istat-tickets\.\n$/ },
    { args: ['tickets'], sandbox: nobodysPort, says: /^varco voucher: .*127\.0\.0\.1.*nothing listens there\. Is it running, and is the port right\?\n$/ },
    { args: ['tickets'], cwd: await temporaryFolder(t), says: /^varco voucher: there is no key of the client in .*: run this in the folder in which the sandbox was started .*\n$/ }
  ]
  for (const { args, says, cwd = folder, ...how } of cases) {
    process.chdir(cwd)
    const run = await varco(['voucher', ...args], how)
    t.equal(run.code, 1, args.join(' '))
    t.equal(run.out, '')
    t.match(run.err, says)
  }
  process.chdir(folder)
})

t.test('a suspended purpose gets no voucher, and the page that the refusal points to tells the reason', async (t) => {
  const { code, out, err } = await varco(['voucher', 'surveys', '--consumer', 'regione-lombardia'])
  t.strictSame({ code, out }, { code: 1, out: '' })
  const page = new RegExp(`The reason is told by (http://127\\.0\\.0\\.1:${port + 1}/debug/token-requests/[\\w-]+)\n$`).exec(err)?.[1]
  t.ok(page, err)
  t.match(await (await fetch(page ?? '')).text(), /Suspended/)
})

t.test('explain names what is wrong, what was expected and how to mend it', async (t) => {
  const good = await mint()
  const [header, claims, signature] = good.split('.') as [string, string, string]
  const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()) as object, consumerId: '6f1c3a52-0b7e-4c1d-9a44-3e2f5d7b8c01' })).toString('base64url')
  const cases: { name: string, voucher: string, args?: readonly string[], says: RegExp }[] = [
    { name: 'expired', voucher: await mint({ expiresIn: -60 }), says: /^FAIL +exp +expected later than \S+Z, got \S+Z\n +voucher-expired: Request a new voucher/m },
    { name: 'tampered with', voucher: `${header}.${forged}.${signature}`, says: /^FAIL +signature .*\n +voucher-unverifiable: /m },
    { name: 'for another e-service', voucher: good, args: ['--eservice', 'surveys'], says: /^FAIL +eserviceId +expected "7d90b5e8[^"]+", got "58f3d1a6[^"]+"\n +eservice-mismatch: /m },
    { name: 'for another audience', voucher: await mint({ claims: { aud: 'https://api.example.it/other' } }), says: /^FAIL +aud +expected .*rest\/tickets\/v1.*, got "https:\/\/api\.example\.it\/other"\n +voucher-audience-mismatch: /m },
    { name: 'of another issuer', voucher: await mint({ claims: { iss: 'interop.pagopa.it' } }), says: /^FAIL +iss .*\n +voucher-issuer-mismatch: /m },
    { name: 'without a purpose', voucher: await mint({ claims: { purposeId: null } }), says: /^FAIL +purposeId \(form\) +expected a UUID in lower case, got nothing\n +voucher-claims-invalid: /m },
    { name: 'not a voucher', voucher: 'my-secret-that-is-no-voucher-but-long-enough.a.b', says: /^FAIL +form +expected a JWS in compact form, got .*\n +voucher-malformed: /m }
  ]
  for (const { name, voucher, args = [], says } of cases) {
    const run = await varco(['explain', ...args], { input: voucher })
    t.equal(run.code, 1, name)
    t.match(run.out, says)
    t.match(run.out, /: refused\n$/)
    t.equal(run.err, '')
    if (voucher.startsWith('eyJ')) checkSignatureHidden(t, voucher, run)
    else t.notMatch(run.out, /my-secret/)
  }
  const { out } = await varco(['explain', '--json'], { input: await mint({ expiresIn: -60 }) })
  t.match(JSON.parse(out), { verdict: 'refused', eservice: 'tickets', lines: [] })
  t.strictSame((JSON.parse(out) as { lines: { check: string, outcome: string }[] }).lines.filter(({ outcome }) => outcome !== 'pass').map(({ check }) => check), ['exp'])
})

t.test('offline the signature is not checked, and that is never a pass', async (t) => {
  const voucher = await mint()
  for (const [name, input] of Object.entries({ good: voucher, forged: `${voucher.slice(0, voucher.lastIndexOf('.'))}.${Buffer.alloc(256, 7).toString('base64url')}` })) {
    const run = await varco(['explain'], { input, sandbox: nobodysPort })
    t.equal(run.code, 1, name)
    t.match(run.out, /^\?\?\?\? +signature +signature not checked: key not known here$/m)
    t.match(run.out, /\ntickets: not decided \(signature not checked: key not known here\)\n$/)
    t.notMatch(run.out, /accepted|FAIL/)
    checkSignatureHidden(t, input, run)
  }
})

t.test('start --config tells everything that is wrong with a configuration at once, by line', async (t) => {
  await writeFile(join(folder, 'broken.yaml'), `pdnd: { environment: colaudo }
publicURL: http://127.0.0.1
registry: \${REGISTRY_FOLDER}/registry.yaml
limits:
  bodyBytes: many
eservices:
  parking-permits:
    contract: parking-permits.v1.yaml
    upstream: { url: 'http://10.0.0.5:8080/path', secrt: x }
    eserviceId: 1234
    descriptorIds: []
    audience: [https://api.example.it]
`)
  const { code, out, err } = await varcoProcess(['start', '--config', 'broken.yaml'])
  t.equal(code, 78)
  t.equal(out, '')
  t.match(err.split('\n'), [
    /^the gateway cannot start:$/,
    /^ {2}broken\.yaml:1: must have required property 'publicUrl'$/,
    /^ {2}broken\.yaml:1: pdnd\.environment: "colaudo" is not one of .* Did you mean "collaudo"\?$/,
    /^ {2}broken\.yaml:2: publicURL: unknown key "publicURL"\. Did you mean "publicUrl"\?$/,
    /^ {2}broken\.yaml:3: registry: the environment variable REGISTRY_FOLDER is not set$/,
    /^ {2}broken\.yaml:5: limits\.bodyBytes: must be integer$/,
    /^ {2}broken\.yaml:7: eservices\.parking-permits\.producer: is missing/,
    /^ {2}broken\.yaml:8: eservices\.parking-permits\.contract: the file .*parking-permits\.v1\.yaml cannot be read \(ENOENT\)$/,
    /^ {2}broken\.yaml:9: eservices\.parking-permits\.upstream: must have required property 'secret'$/,
    /^ {2}broken\.yaml:9: eservices\.parking-permits\.upstream\.secrt: unknown key "secrt"\. Did you mean "secret"\?$/,
    /^ {2}broken\.yaml:9: eservices\.parking-permits\.upstream\.url: /,
    /^ {2}broken\.yaml:10: eservices\.parking-permits\.eserviceId: /,
    /^ {2}broken\.yaml:11: eservices\.parking-permits\.descriptorIds: /
  ])
  t.equal(err.split('\n').length, 14)
  t.equal((await varco(['explain', '--config', 'broken.yaml'], { input: 'a.b.c' })).code, 78)
})

t.test('outside the sandbox start refuses everything that belongs to the sandbox, and weak secrets without showing them', async (t) => {
  await writeFile(join(folder, 'production.yaml'), `pdnd:
  environment: produzione
  jwksUri: http://interop.example.it/jwks.json
  issuer: sandbox.varco.localhost
publicUrl: http://api.comune.example.it
producer: 00000000-0000-4000-8000-000000000000
registry: sandbox/registry.yaml
eservices:
  parking-permits:
    contract: parking-permits.v1.yaml
    upstream: { url: 'http://10.0.0.5:8080', secret: ${sandboxSecret} }
    eserviceId: 00000000-0000-4000-8000-000000000001
    descriptorIds: [00000000-0000-4000-8000-000000000002]
    audience: [https://api.comune.example.it/rest/parking-permits/v1]
  permits-archive:
    contract: parking-permits.v1.yaml
    upstream: { url: 'http://10.0.0.5:8080', secret: '\${ARCHIVE_SECRET}' }
    eserviceId: 00000000-0000-4000-8000-000000000003
    descriptorIds: [00000000-0000-4000-8000-000000000004]
    audience: [https://api.comune.example.it/rest/permits-archive/v1]
`)
  const { code, out, err } = await varcoProcess(['start', '--config', 'production.yaml'], { env: { ARCHIVE_SECRET: 'correct-horse' } })
  t.equal(code, 78)
  t.equal(out, '')
  t.match(err.split('\n'), [
    /^the gateway cannot start:$/,
    /production\.yaml:1: listeners\.operations\.token: is not set/,
    /production\.yaml:3: pdnd\.jwksUri: must be https/,
    /production\.yaml:4: pdnd\.issuer: .*sandbox/,
    /production\.yaml:5: publicUrl: must be https/,
    /production\.yaml:7: registry: is the sandbox registry/,
    /production\.yaml:10: eservices\.parking-permits\.contract: the file .* cannot be read \(ENOENT\)/,
    /production\.yaml:11: eservices\.parking-permits\.upstream\.url: must be https/,
    /production\.yaml:11: eservices\.parking-permits\.upstream\.secret: is the sandbox secret/,
    /production\.yaml:16: eservices\.permits-archive\.contract: the file .* cannot be read \(ENOENT\)/,
    /production\.yaml:17: eservices\.permits-archive\.upstream\.url: must be https/,
    /production\.yaml:17: eservices\.permits-archive\.upstream\.secret: is shorter than 32 characters/
  ])
  t.notMatch(err, /correct-horse|sandbox-only-secret/)
})

t.test('explain needs no secret of a configuration, and refuses a registry of another environment', async (t) => {
  const registry = join(root, 'gateway/sandbox/registry.yaml')
  const demonstration = await readFile(join(root, 'gateway/gateway.yaml'), 'utf8')
  const ours = demonstration.replaceAll('../openapi/', join(root, 'openapi/')).replace('grants/tickets.yaml', join(root, 'gateway/grants/tickets.yaml')).replace(/\$\{VARCO_CALL_SECRET[^}]*\}/, '${NOBODY_SET_THIS_SECRET}').replace('sandbox/registry.yaml', registry)
  await writeFile(join(folder, 'ours.yaml'), ours)
  t.match(await varco(['explain', '--config', 'ours.yaml'], { input: await mint() }), { code: 0, out: /\ntickets: accepted\n$/, err: '' })
  await writeFile(join(folder, 'foreign.yaml'), (await readFile(registry, 'utf8')).replace('environment: sandbox', 'environment: collaudo'))
  await writeFile(join(folder, 'ours.yaml'), ours.replace(registry, 'foreign.yaml'))
  t.match(await varco(['explain', '--config', 'ours.yaml'], { input: await mint() }), { code: 78, err: /registry of collaudo.* is sandbox/ })
})

/** The first Node on the PATH that is too old for Varco and not one that npm installed. */
function findOldNode (): string | undefined {
  const places = [process.env['VARCO_OLD_NODE'], ...(process.env['PATH'] ?? '').split(delimiter).filter((place) => !place.includes('node_modules')).map((place) => join(place, 'node'))]
  return places.find((place) => {
    const major = /^v(\d+)/.exec(place === undefined ? '' : String(spawnSync(place, ['--version']).stdout))?.[1]
    return major !== undefined && Number(major) < 26
  })
}

const oldNode = findOldNode()
t.test('under an older Node the command goes on with the Node that npm installed beside it', { skip: oldNode === undefined && 'there is no older Node on the PATH (VARCO_OLD_NODE can name one)' }, async (t) => {
  const run = async (args: readonly string[], input = ''): Promise<Run> => varcoProcess(args, { input }, oldNode)
  const printed = await run(['voucher', 'tickets'])
  t.strictSame({ ...printed, out: '' }, { code: 0, out: '', err: '' })
  t.match(await run(['explain'], printed.out), { code: 0, out: /tickets: accepted/, err: '' })
  t.match(await run(['explain'], 'nonsense'), { code: 1 })
})

import { randomBytes, randomUUID } from 'node:crypto'
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { parse } from 'yaml'
import { loadContract } from '../openapi/contract.ts'
import { runCommandLine } from './command-line.ts'
import { freePort } from './harness/free-port.ts'
import { makeAuthority } from './harness/certificates.ts'
import { launch, launchWith, root, temporaryFolder } from './harness/process.ts'
import { layKeys } from './sandbox/keys-fixture.ts'

const folder = await temporaryFolder(t)
const port = await freePort()
const demanding = await freePort()
const env = { VARCO_CALL_SECRET: randomBytes(48).toString('base64url') }
process.chdir(folder)
process.env['NO_COLOR'] = '1'
await layKeys(join(folder, '.varco/sandbox'))
await launch(t, ['gateway/start.ts'], { cwd: folder, port, env }).says(/^curl /m)

const milano = '6f1c3a52-0b7e-4c1d-9a44-3e2f5d7b8c01'
const agreed = { type: 'object', required: ['userID'], properties: { userID: { type: 'string' }, LoA: { type: 'integer', minimum: 1, maximum: 4 } } }
/** What the contracts of the second gateway demand. */
const demands: Readonly<Record<string, object>> = {
  tickets: { 'patterns': ['INTEGRITY_REST_02', 'AUDIT_REST_02', 'PROFILE_NON_REPUDIATION_01'], 'dpop': 'required', 'integrity': { emptyBody: 'signed', headers: ['accept-language'] }, 'audit': { claims: agreed }, 'response': 'signed' },
  surveys: { dpop: 'required' },
  'service-usage': { patterns: ['AUDIT_REST_01'], trust: ['pdnd', 'x509'] },
  'sla-telemetry': { patterns: ['ID_AUTH_CHANNEL_02'] }
}

/** A second gateway over the same platform and e-services, over TLS, whose contracts demand every proof that there is. */
async function startDemanding (): Promise<void> {
  const authority = await makeAuthority('Autorità')
  const [server, client, outside] = [await authority.issue('localhost'), await authority.issue('client'), await authority.issue('protocollo')]
  await Promise.all([['server.pem', server.pem], ['server.key', server.keyPem], ['ca.pem', authority.pem], ['client.pem', client.pem + client.keyPem], ['chain.pem', outside.pem + authority.pem], ['outside.key', outside.keyPem]].map(async ([name = '', pem = '']) => writeFile(join(folder, name), pem, { mode: 0o600 })))
  setDefaultCACertificates([...getCACertificates('default'), authority.pem])
  await mkdir(join(folder, 'keychain'), { mode: 0o700 })
  await copyFile(join(folder, `.varco/sandbox/keychain-${milano}.pem`), join(folder, 'keychain/1.pem'))
  const usual = parse(await readFile(join(root, 'gateway/gateway.yaml'), 'utf8'), { merge: true }) as { eservices: Record<string, { grants?: string }> }
  for (const [name, demand] of Object.entries(demands)) {
    const { document } = await loadContract(join(root, `openapi/${name}.v1.yaml`))
    await writeFile(join(folder, `${name}.json`), JSON.stringify({ ...document, 'x-modi': demand }))
    const { grants } = usual.eservices[name] ?? {}
    Object.assign(usual.eservices[name] ?? {}, { contract: `${name}.json`, ...grants !== undefined && { grants: join(root, 'gateway', grants) } })
  }
  Object.assign(usual.eservices['tickets'] ?? {}, { keychain: 'keychain', evidence: { keys: [randomBytes(32).toString('base64')], retentionDays: 1 } })
  Object.assign(usual.eservices['surveys'] ?? {}, { dpopNonces: true })
  const registry = parse(await readFile(join(root, 'gateway/sandbox/registry.yaml'), 'utf8'), { merge: true }) as { clients: { alias: string }[] }
  registry.clients = registry.clients.map((one) => one.alias === 'istat' ? { ...one, knownAs: ['protocollo'], certificates: [{ subject: 'CN=protocollo,O=Ente,C=IT' }] } : one)
  await writeFile(join(folder, 'registry.yaml'), JSON.stringify(registry))
  await writeFile(join(folder, 'demanding.yaml'), JSON.stringify({
    ...usual,
    x509: { mode: 'ca', ca: ['ca.pem'] },
    publicUrl: `https://localhost:${demanding}`,
    registry: 'registry.yaml',
    state: 'state',
    listeners: { public: { port: demanding, tls: { certificate: 'server.pem', key: 'server.key', clients: { ca: ['ca.pem'] } } }, operations: { port: await freePort() } }
  }))
  await launch(t, ['gateway/main.ts', '--config', join(folder, 'demanding.yaml')], { cwd: folder, port, env }).says(/ready on/)
}
await startDemanding()

interface Run { readonly code: number | string, readonly out: string, readonly err: string }

/** Runs the command in this process, in the folder of the demonstration. */
async function varco (args: readonly string[], input: string | Buffer = ''): Promise<Run> {
  const said = { out: '', err: '' }
  const terminal = { out: (text: string) => { said.out += text }, err: (text: string) => { said.err += text }, stdin: async () => Buffer.from(input), env: { PORT: String(port) }, now: Date.now }
  return { code: await runCommandLine(args, terminal), ...said }
}

const everything = ['--config', 'demanding.yaml', '--claim', 'userID=utente 7', '--claim', 'LoA=2', '--header', 'Accept-Language: it']
const channels = '/channels?channel=infoline&period=2023&measure=tickets'

/** The head of a request by name, in lower case. */
const headersIn = (head: string): Readonly<Record<string, string>> => Object.fromEntries(head.split(/\r?\n/).slice(1).map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]))

/** Sends bytes to the second gateway as they are and gives what it answers. */
async function send (bytes: Buffer): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    let received = ''
    const socket = connect({ port: demanding, host: 'localhost' }, () => { socket.write(bytes) })
    socket.on('data', (chunk: Buffer) => { received += chunk.toString() }).on('end', () => { resolve(received) }).on('error', reject)
  })
}

t.test('every e-service of the demonstration can be called by hand', async (t) => {
  for (const [name, path, said] of [['tickets', channels, '842571'], ['surveys', '/voc-indicators', 'items'], ['service-usage', '/citizen-services', 'items'], ['sla-telemetry', '/service-levels', 'items']] as const) {
    const program = launchWith(t, process.execPath, [join(root, 'gateway/varco.js'), 'call', name, 'GET', path], { cwd: folder, port })
    t.equal(await program.ended, 0, `${name} ${program.err}`)
    t.match(program.out, new RegExp(`^HTTP/1\\.1 200 OK\n[^]*\n\n[^]*${said}`))
    t.equal(program.err, '')
  }
  t.match(await varco(['call', 'tickets', 'get', '/status']), { code: 0, out: /^HTTP\/1\.1 200 OK\n/ }, 'a public operation, without a voucher')
})

t.test('where everything is demanded everything is sent, and the signature of the answer is verified', async (t) => {
  const run = await varco(['call', 'tickets', 'GET', channels, ...everything])
  t.match(run, { code: 0, out: /^HTTP\/1\.1 200 OK\n[^]*842571[^]*\nsignature of the answer: verified, by the key [\w-]{43} of the producer\n$/, err: '' })
  const body = JSON.stringify({ channel: 'infoline', topic: 'tributi', serviceKind: 'informativa', subject: 'informazioni-tari' })
  const posted = await varco(['call', 'tickets', 'POST', '/tickets', '--body', '-', '--header', `Idempotency-Key: ${randomUUID()}`, ...everything], body)
  t.match(posted, { code: 0, out: /^HTTP\/1\.1 201 Created\nlocation: [^]*signature of the answer: verified/i, err: '' })
})

t.test('a dry run prints exactly what would be sent, and what is saved is admitted as it is', async (t) => {
  const run = await varco(['call', 'tickets', 'GET', channels, ...everything, '--dry-run', '--save', 'request.http'])
  t.match(run, { code: 0, err: '' })
  t.strictSame(run.out.split('\n').map((line) => line.split(/[: ]/)[0]), ['GET', 'Host', 'Authorization', 'DPoP', 'Digest', 'Agid-JWT-Signature', 'Agid-JWT-TrackingEvidence', 'Accept', 'Accept-Language', 'Connection', ''])
  const bytes = await readFile(join(folder, 'request.http'))
  t.equal(bytes.toString().replaceAll('\r\n', '\n'), `${run.out}\n`)
  if (process.platform !== 'win32') t.equal((await stat(join(folder, 'request.http'))).mode & 0o077, 0, 'for its owner only')

  const sent = headersIn(run.out)
  const [voucher, evidence, signature] = [decodeJwt(sent['authorization']!.slice(5)), decodeJwt(sent['agid-jwt-trackingevidence']!), decodeJwt(sent['agid-jwt-signature']!)]
  t.match(voucher, { cnf: { jkt: String }, digest: { alg: 'SHA256', value: /^[0-9a-f]{64}$/ } })
  t.match(evidence, { iss: voucher['client_id'], purposeId: voucher['purposeId'], aud: voucher.aud, dnonce: Number, userID: 'utente 7', LoA: 2, jti: String })
  t.match(String(evidence['dnonce']), /^\d{13}$/)
  t.strictSame(signature['signed_headers'], [{ digest: sent['digest'] }, { 'accept-language': 'it' }])
  for (const token of [sent['agid-jwt-signature']!, sent['agid-jwt-trackingevidence']!]) t.match(decodeProtectedHeader(token), { typ: 'JWT', alg: 'RS256', kid: /^[\w-]{43}$/ })

  const answer = await send(bytes)
  t.match(answer, /^HTTP\/1\.1 200 /)
})

t.test('the nonce that a gateway asks for is sent with the same call, once', async (t) => {
  t.match(await varco(['call', 'surveys', 'GET', '/voc-indicators', '--config', 'demanding.yaml']), { code: 0, out: /^HTTP\/1\.1 200 OK\n/, err: '' })
  const head = await varco(['call', 'surveys', 'GET', '/voc-indicators', '--config', 'demanding.yaml', '--dry-run'])
  t.notOk('nonce' in decodeJwt(headersIn(head.out)['dpop'] ?? ''), 'nobody asked yet')
})

t.test('a key file binds every voucher to the same key', async (t) => {
  const heads = [await varco(['call', 'tickets', 'GET', '/channels', '--dpop-key', 'dpop.pem', '--dry-run']), await varco(['call', 'tickets', 'GET', '/channels', '--dpop-key', 'dpop.pem', '--dry-run'])]
  const [first, second] = heads.map(({ out }) => decodeJwt(headersIn(out)['authorization']!.slice(5))['cnf'])
  t.match(first, { jkt: String })
  t.strictSame(first, second)
  t.match(await varco(['call', 'tickets', 'GET', '/channels', '--dpop-key', 'dpop.pem']), { code: 0 })
})

t.test('what is not demanded is sent when it is asked for, and only then', async (t) => {
  const plain = headersIn((await varco(['call', 'tickets', 'GET', '/channels', '--dry-run'])).out)
  t.match(plain, { authorization: /^Bearer / })
  for (const name of ['dpop', 'digest', 'agid-jwt-signature', 'agid-jwt-trackingevidence']) t.notOk(name in plain, name)
  t.match(headersIn((await varco(['call', 'tickets', 'GET', '/channels', '--dpop', '--sign', '--evidence', '--dry-run'])).out), { 'authorization': /^DPoP /, 'dpop': String, 'digest': String, 'agid-jwt-signature': String, 'agid-jwt-trackingevidence': String })
  t.match(await varco(['call', 'tickets', 'GET', '/channels', '--dpop', '--sign', '--evidence']), { code: 0, out: /^HTTP\/1\.1 200 / })
})

t.test('a client certificate opens what demands mutual TLS', async (t) => {
  const args = ['call', 'sla-telemetry', 'GET', '/service-levels', '--config', 'demanding.yaml']
  t.match(await varco(args), { code: 1, out: /^HTTP\/1\.1 401 [^]*"client-certificate-missing"/, err: '' })
  t.match(await varco([...args, '--client-certificate', 'client.pem']), { code: 0, out: /^HTTP\/1\.1 200 OK\n/ })
})

t.test('a client of one\'s own signs with its own key', async (t) => {
  const [client, purpose] = ['d0f6a8c3-7e59-4b14-8ad2-f9e5c0b7d161', decodeJwt(headersIn((await varco(['call', 'service-usage', 'GET', '/citizen-services', '--dry-run'])).out)['authorization']!.slice(7))['purposeId'] as string]
  const own = ['call', 'service-usage', 'GET', '/citizen-services', '--config', 'demanding.yaml', '--client-id', client, '--key', `.varco/sandbox/client-${client}.pem`, '--purpose', purpose]
  t.match(await varco(own), { code: 0, out: /^HTTP\/1\.1 200 OK\n/ })
  await writeFile(join(folder, 'open.pem'), await readFile(join(folder, `.varco/sandbox/client-${client}.pem`)), { mode: 0o644 })
  t.match(await varco(own.map((word) => word.endsWith('.pem') ? 'open.pem' : word)), { code: 1, out: '', err: /^varco call: the key file open\.pem is open to other users: run chmod 600 open\.pem\n$/ })
})

t.test('a client outside the platform signs with the key of its certificate', async (t) => {
  const args = ['call', 'service-usage', 'GET', '/citizen-services', '--config', 'demanding.yaml', '--client-id', 'protocollo', '--certificate', 'chain.pem', '--key', 'outside.key']
  t.match(await varco(args), { code: 0, out: /^HTTP\/1\.1 200 OK\n/, err: '' })
  const head = headersIn((await varco([...args, '--dry-run', '--save', 'certified.http'])).out)
  for (const name of ['authorization', 'agid-jwt-trackingevidence']) t.match(decodeProtectedHeader(head[name]!.replace('Bearer ', '')), { alg: 'ES256', typ: 'JWT', x5c: [String, String] })
  t.match(await varco(['explain', 'certified.http', '--config', 'demanding.yaml']), { code: 0, out: /^pass +Authorization purposeId [^]*service-usage listCitizenServices: accepted\n$/m })
  t.match(await varco(args.map((word) => word === 'outside.key' ? 'server.key' : word)), { code: 1, out: '', err: /server\.key holds no private key of the certificate in chain\.pem/ })
  t.match(await varco(args.map((word) => word === 'chain.pem' ? 'server.key' : word)), { code: 1, out: '', err: /server\.key holds no certificate in PEM/ })
  t.match(await varco(['call', 'tickets', 'GET', '/channels', ...args.slice(4)]), { code: 1, out: '', err: /the contract takes vouchers of the platform only/ })
})

t.test('a refusal is printed as it comes, and is exit code 1', async (t) => {
  const run = await varco(['call', 'tickets', 'GET', '/channels', '--config', 'demanding.yaml', '--header', 'Accept-Language: it', '--claim', 'userID=x', '--claim', 'LoA=nine'])
  t.match(run, { code: 1, out: /^HTTP\/1\.1 401 Unauthorized\n[^]*content-type: application\/problem\+json\n[^]*"evidence-agreed-claims-invalid"/i, err: '' })
  t.match(await varco(['call', 'tickets', 'GET', '/channels?period=x']), { code: 1, out: /^HTTP\/1\.1 400 Bad Request\n[^]*"invalid-parameter"/ })
})

t.test('what cannot be called is a sentence, and no secret is in it', async (t) => {
  const cases: readonly { args: readonly string[], code: number, says: RegExp }[] = [
    { args: ['tickets', 'GET'], code: 2, says: /name one e-service, one method and one path/ },
    { args: ['tikets', 'GET', '/channels'], code: 2, says: /there is no e-service "tikets".* Did you mean "tickets"\?/ },
    { args: ['tickets', 'GET', 'channels'], code: 2, says: /the path must begin with \// },
    { args: ['tickets', 'DELETE', '/channels'], code: 2, says: /tickets has no operation DELETE \/channels\. There are:\n {2}GET \/status\n/ },
    { args: ['tickets', 'GET', '/channels', '--header', 'nothing'], code: 2, says: /a header is written as 'Name: value'/ },
    { args: ['tickets', 'GET', '/channels', '--header', 'Authorization: Bearer x'], code: 2, says: /Authorization is made by this command/ },
    { args: ['tickets', 'GET', '/channels', '--header', 'Content-Type: x'], code: 2, says: /give the media type as --content-type/ },
    { args: ['tickets', 'GET', '/channels', '--claim', 'x'], code: 2, says: /a claim is written as NAME=VALUE/ },
    { args: ['tickets', 'GET', '/channels', '--body', 'no-such-file'], code: 2, says: /no-such-file cannot be read \(ENOENT\)/ },
    { args: ['tickets', 'GET', '/channels', '--client-id', 'x'], code: 2, says: /needs --client-id ID, --key FILE and --purpose ID/ },
    { args: ['tickets', 'GET', '/channels', '--consumer', 'istta'], code: 1, says: /no tenant is called "istta"\. Did you mean "istat"\?/ },
    { args: ['tickets', 'GET', '/channels', '--config', 'demanding.yaml'], code: 1, says: /the contract wants the header accept-language signed: send one/ },
    { args: ['tickets', 'GET', '/channels', '--consumer', 'comune-di-bologna'], code: 1, says: /the token endpoint answered 400/ }
  ]
  for (const { args, code, says } of cases) {
    const run = await varco(['call', ...args])
    t.equal(run.code, code, args.join(' '))
    t.match(run.err, says)
    t.equal(run.out, '')
    t.notMatch(run.err, /eyJ|PRIVATE KEY/)
  }
  await writeFile(join(folder, 'nobody.yaml'), (await readFile(join(folder, 'demanding.yaml'), 'utf8')).replaceAll(String(demanding), String(await freePort())))
  const nobody = await varco(['call', 'service-usage', 'GET', '/citizen-services', '--config', 'nobody.yaml'])
  t.match(nobody, { code: 1, out: '', err: /^varco call: https:\/\/localhost:\d+ did not answer: nothing listens there\. Is the gateway running, and is the port right\?\n$/ })
})

t.test('a saved request is explained check by check, and a change of it is found', async (t) => {
  await varco(['call', 'tickets', 'GET', channels, ...everything, '--dry-run', '--save', 'good.http'])
  const good = await readFile(join(folder, 'good.http'), 'latin1')
  const explained = await varco(['explain', 'good.http', '--config', 'demanding.yaml'])
  t.match(explained, { code: 0, out: /\ntickets listChannels: accepted\n$/, err: '' })
  for (const check of ['operation', 'signature', 'exp', 'cnf', 'DPoP signature', 'DPoP ath', 'descriptor state', 'agreement', 'purpose state', 'scope', 'Agid-JWT-TrackingEvidence digest', 'Agid-JWT-TrackingEvidence agreed claims', 'Digest of the body', 'signed_headers values']) {
    t.match(explained.out, new RegExp(`^pass +${check} `, 'm'), check)
  }
  t.notMatch(explained.out, /utente 7|\neyJ/)

  const odd: readonly { name: string, text: string, says: RegExp }[] = [
    { name: 'a body', text: `${good}{}`, says: /^FAIL +Digest of the body .*\n +digest-mismatch: /m },
    { name: 'no such path', text: good.replace('/channels?', '/channel?'), says: /^FAIL +operation .*\n +route-not-found: /m },
    { name: 'another method', text: good.replace('GET ', 'DELETE '), says: /^FAIL +operation .*\n +method-not-allowed: /m }
  ]
  for (const { name, text, says } of odd) t.match(await varco(['explain', '--config', 'demanding.yaml'], Buffer.from(text, 'latin1')), { code: 1, out: says, err: '' }, name)
  t.match(await varco(['explain', 'good.http', '--config', 'demanding.yaml', '--at', '2030-01-01T00:00:00Z']), { code: 1, out: /^FAIL +exp [^]*^FAIL +DPoP iat [^]*^FAIL +Agid-JWT-Signature exp /m })
  t.match(await varco(['explain', 'good.http', '--config', 'demanding.yaml', '--eservice', 'surveys']), { code: 1, out: /route-not-found/ })
})

const header = (name: string): RegExp => new RegExp(`^${name}: .*\\r\\n`, 'm')
/** One token of a request taken by its header, its claims or its signature changed. */
const changed = (name: string, change: (segments: readonly string[]) => readonly string[]) => (text: string): string => text.replace(new RegExp(`^(${name}: (?:DPoP )?)(\\S+)`, 'm'), (_whole, before: string, token: string) => before + change(token.split('.')).join('.'))
const forged = ([head = '', claims = '', signature = '']: readonly string[]): readonly string[] => [head, claims, `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`]
const faults: Readonly<Record<string, (text: string) => string>> = {
  'nothing': (text) => text,
  'no voucher': (text) => text.replace(header('Authorization'), ''),
  'half a voucher': changed('Authorization', ([head = '', claims = '']) => [head, claims]),
  'a voucher that was tampered with': changed('Authorization', forged),
  'a bound voucher as Bearer': (text) => text.replace('Authorization: DPoP', 'Authorization: Bearer'),
  'no proof': (text) => text.replace(header('DPoP'), ''),
  'a forged proof': changed('DPoP', forged),
  'another method': (text) => text.replace('POST ', 'GET ').replace(/^Content-.*\r\n/mg, '').replace(/\r\n\r\n[^]*$/, '\r\n\r\n'),
  'no evidence': (text) => text.replace(header('Agid-JWT-TrackingEvidence'), ''),
  'other evidence': changed('Agid-JWT-TrackingEvidence', forged),
  'no signature': (text) => text.replace(header('Agid-JWT-Signature'), ''),
  'a forged signature': changed('Agid-JWT-Signature', forged),
  'no digest': (text) => text.replace(header('Digest'), ''),
  'a digest of another form': (text) => text.replace(/^Digest: .*$/m, 'Digest: SHA-256=x'),
  'another body': (text) => text.replace('"tributi"', '"TRIBUTI"'),
  'another language': (text) => text.replace('Accept-Language: it', 'Accept-Language: en'),
  'another media type': (text) => text.replace('Content-Type: application/json', 'Content-Type: application/json; charset=utf-8')
}

t.test('of a request with one fault the first check that fails is the refusal that the gateway gives', async (t) => {
  const body = JSON.stringify({ channel: 'infoline', topic: 'tributi', serviceKind: 'informativa', subject: 'informazioni-tari' })
  for (const [name, fault] of Object.entries(faults)) {
    await varco(['call', 'tickets', 'POST', '/tickets', '--body', '-', '--header', `Idempotency-Key: ${randomUUID()}`, ...everything, '--dry-run', '--save', 'fault.http'], body)
    const text = fault(await readFile(join(folder, 'fault.http'), 'latin1'))
    const answer = await send(Buffer.from(text, 'latin1'))
    const code = /"code":"([a-z-]+)"/.exec(answer)?.[1]
    const { out } = await varco(['explain', '--config', 'demanding.yaml', '--eservice', 'tickets', '--json'], Buffer.from(text, 'latin1'))
    const { lines } = JSON.parse(out) as { lines: readonly { outcome: string, code?: string }[] }
    t.equal(lines.find(({ outcome }) => outcome === 'fail')?.code, code, `${name}: ${code}`)
    t.equal(code === undefined, name === 'nothing')
  }
})

t.test('a request in JSON is explained as the same request', async (t) => {
  const head = await varco(['call', 'service-usage', 'GET', '/citizen-services', '--config', 'demanding.yaml', '--dry-run'])
  const request = { method: 'get', url: `https://localhost:${demanding}/rest/service-usage/v1/citizen-services?limit=1`, headers: headersIn(head.out.trimEnd()) }
  t.match(await varco(['explain', '--config', 'demanding.yaml'], JSON.stringify(request)), { code: 0, out: /\nservice-usage listCitizenServices: accepted\n$/ })
  const json = await varco(['explain', '--config', 'demanding.yaml', '--json'], JSON.stringify({ ...request, headers: [] }))
  t.match(JSON.parse(json.out), { verdict: 'refused', eservice: 'service-usage', operation: 'listCitizenServices', lines: [{ check: 'operation' }, { check: 'Authorization', code: 'voucher-missing' }] })
  t.match(await varco(['explain', '--config', 'demanding.yaml'], JSON.stringify({ ...request, body: {} })), { code: 2, err: /the request cannot be read: body must be a text/ })
  t.match(await varco(['explain'], JSON.stringify({ method: 'GET', url: '/rest/tickets/v1/status' })), { code: 0, out: /public[^]*tickets readStatus: accepted\n$/ })
})

t.test('what only the running gateway knows is not checked', async (t) => {
  const channel = await varco(['call', 'sla-telemetry', 'GET', '/service-levels', '--config', 'demanding.yaml', '--dry-run'])
  t.match(await varco(['explain', '--config', 'demanding.yaml'], channel.out), { code: 1, out: /^\?\?\?\? +client certificate +the connection of the call is not here$[^]*: not decided \(the connection of the call is not here\)\n$/m })
  const nonce = await varco(['call', 'surveys', 'GET', '/voc-indicators', '--config', 'demanding.yaml', '--dry-run'])
  t.match(await varco(['explain', '--config', 'demanding.yaml'], nonce.out), { code: 1, out: /^\?\?\?\? +DPoP nonce +the secret of its nonces is not here$/m })
  const saved = await readFile(join(folder, 'good.http'))
  const offline = { out: '' }
  await runCommandLine(['explain', '--config', 'demanding.yaml'], { out: (text) => { offline.out += text }, err: () => undefined, stdin: async () => saved, env: { PORT: String(await freePort()) }, now: Date.now })
  for (const check of ['signature', 'Agid-JWT-TrackingEvidence signature', 'Agid-JWT-Signature signature']) t.match(offline.out, new RegExp(`^\\?\\?\\?\\? +${check} +signature not checked: key not known here$`, 'm'))
})

import { request } from 'node:https'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, Server as TlsServer } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import type { DenialCode } from '../policies/denials.ts'
import { prepareRenewal } from './adapters/tls-files.ts'
import { freePort } from './harness/free-port.ts'
import { makeAuthority, selfSigned } from './harness/certificates.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { archiveContract } from './harness/platform.ts'
import { checkProblem } from './harness/refusal.ts'

/** The clock of the gateway stands still here; certificates are judged by the system's clock in the handshake, by the gateway's afterwards. */
const now = Date.now()
const day = 86_400_000
const authority = await makeAuthority('Autorità')
const stranger = await makeAuthority('Altra autorità')
const server = await authority.issue('localhost')
const machine = await authority.issue('machine')
const another = await authority.issue('another')
const revoked = await authority.issue('revoked')
const expiring = await authority.issue('expiring', { notAfter: now + day })
const foreign = await stranger.issue('foreign')
const alone = await selfSigned('alone')
const crl = await authority.revoke([revoked])

const certificate = (name: string): string => `CN=${name},O=Ente,C=IT`
const contract = (pattern: string): HarnessOptions['contract'] => ({ ...archiveContract, 'x-modi': { patterns: [pattern] } })
const withCertificates = (certificates: readonly object[]): HarnessOptions['registry'] => (content) => ({
  ...content, tenants: content.tenants.map((tenant, index) => index === 1 ? { ...tenant, certificates } : tenant)
})

/** A gateway that speaks TLS, with its files in a folder of its own. */
async function startSecurely (t: Test, pattern: string, options: HarnessOptions = {}): Promise<Harness> {
  const folder = t.testdir({ 'server.pem': server.pem, 'server.key': server.keyPem, 'ca.pem': authority.pem, 'ca.crl': crl })
  await chmod(join(folder, 'server.key'), 0o600)
  const tls = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key'), clients: { ca: [join(folder, 'ca.pem')], crl: [join(folder, 'ca.crl')] } }
  return startGateway(t, {
    now,
    contract: contract(pattern)!,
    ...options,
    config: (config) => ({ ...config, publicUrl: config.publicUrl.replace('http:', 'https:'), listeners: { ...config.listeners, public: { ...config.listeners.public, tls } } })
  })
}

const secure: ConnectionOptions = { ca: authority.pem, servername: 'localhost', checkServerIdentity: () => undefined }
const as = (client: { readonly pem: string, readonly keyPem: string }): ConnectionOptions => ({ ...secure, cert: client.pem, key: client.keyPem })

async function expectOutcome (t: Test, gateway: Harness, tls: ConnectionOptions | undefined, code: DenialCode | 'admitted', headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const before = gateway.upstream.requests.length
  const answer = await gateway.raw(gateway.request('/items', { headers }), tls)
  t.equal(gateway.upstream.requests.length, before + (code === 'admitted' ? 1 : 0), 'only what is admitted reaches the upstream')
  if (code === 'admitted') {
    t.equal(answer.status, 200, answer.body)
    await gateway.takeRecords(1)
    return
  }
  await checkProblem(t, gateway, answer, { status: code === 'client-certificate-mismatch' ? 403 : 401, code })
}

t.test('ID_AUTH_CHANNEL_01: over TLS every consumer is served, and plain text gets no answer', async (t) => {
  const gateway = await startSecurely(t, 'ID_AUTH_CHANNEL_01')
  await expectOutcome(t, gateway, secure, 'admitted')
  await expectOutcome(t, gateway, as(machine), 'admitted')
  const plain = gateway.connect()
  plain.write(gateway.request('/items'))
  t.equal((await plain.answer()).status, 0)
  await expectOutcome(t, gateway, secure, 'admitted')
})

const clients: Readonly<Record<string, readonly [tls: ConnectionOptions, code: DenialCode | 'admitted']>> = {
  'no certificate': [secure, 'client-certificate-missing'],
  'a good certificate': [as(machine), 'admitted'],
  'a certificate of another authority': [as(foreign), 'client-certificate-untrusted'],
  'a certificate signed by itself': [as(alone), 'client-certificate-untrusted'],
  'a revoked certificate': [as(revoked), 'client-certificate-untrusted']
}

t.test('ID_AUTH_CHANNEL_02: a client certificate that an authority of the configuration issued', async (t) => {
  const gateway = await startSecurely(t, 'ID_AUTH_CHANNEL_02')
  for (const [name, [tls, code]] of Object.entries(clients)) {
    await t.test(`${name}: ${code}`, async (t) => {
      await expectOutcome(t, gateway, tls, code)
      await expectOutcome(t, gateway, as(machine), 'admitted')
    })
  }
  await t.test('a certificate that ends while its connection stays open: client-certificate-untrusted', async (t) => {
    const wire = gateway.connect(as(expiring))
    for (const [time, status] of [[now, 200], [now + day + 2000, 401]] as const) {
      gateway.clock.now = time
      wire.write(gateway.request('/items'))
      t.equal((await wire.answer()).status, status)
    }
    gateway.clock.now = now
    t.strictSame((await gateway.takeRecords(2)).map((record) => record['code']), [undefined, 'client-certificate-untrusted'])
  })
})

t.test('ID_AUTH_CHANNEL_02: a certificate is bound to the tenant where the registry says so', async (t) => {
  const thumbprint = Buffer.from(machine.certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
  for (const name of [{ thumbprint }, { subject: certificate('machine') }]) {
    const gateway = await startSecurely(t, 'ID_AUTH_CHANNEL_02', { registry: withCertificates([name])! })
    await expectOutcome(t, gateway, as(machine), 'admitted')
    await expectOutcome(t, gateway, as(another), 'client-certificate-mismatch')
  }
})

t.test('headers of a caller say nothing about its channel', async (t) => {
  const forged = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '198.51.100.7', 'Client-Cert': `:${machine.certificate.raw.toString('base64')}:` }
  const gateway = await startSecurely(t, 'ID_AUTH_CHANNEL_02')
  await expectOutcome(t, gateway, secure, 'client-certificate-missing', forged)
  const answer = await gateway.raw(gateway.request('/items', { headers: forged }), as(machine))
  t.equal(answer.status, 200)
  t.equal((await gateway.takeRecords(1))[0]?.['clientIp'], '127.0.0.1')
  t.match(gateway.upstream.requests.at(-1)?.headers, { 'client-cert': undefined, 'x-forwarded-for': undefined, 'x-forwarded-proto': undefined })
})

const client = (raw: Buffer): string => `:${raw.toString('base64')}:`
const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '198.51.100.7', 'Client-Cert': client(machine.certificate.raw) }

const proxied: Readonly<Record<string, readonly [headers: Readonly<Record<string, string>>, code: DenialCode | 'admitted', address?: string]>> = {
  'what a proxy ended': [forwarded, 'admitted', '198.51.100.7'],
  'a chain of proxies of which one spoke plain text': [{ ...forwarded, 'X-Forwarded-Proto': 'https, http' }, 'tls-required'],
  'plain text before the proxy': [{ ...forwarded, 'X-Forwarded-Proto': 'http' }, 'tls-required'],
  'no word of the proxy': [{}, 'tls-required'],
  'no certificate': [{ 'X-Forwarded-Proto': 'https' }, 'client-certificate-missing'],
  'a Client-Cert that is none': [{ ...forwarded, 'Client-Cert': ':AAAA:' }, 'client-certificate-untrusted'],
  'a Client-Cert in another spelling': [{ ...forwarded, 'Client-Cert': machine.certificate.raw.toString('base64') }, 'client-certificate-untrusted'],
  'an address that a caller wrote before the proxy added its own': [{ ...forwarded, 'X-Forwarded-For': '203.0.113.9, 198.51.100.7, 127.0.0.1' }, 'admitted', '198.51.100.7'],
  'addresses with ports': [{ ...forwarded, 'X-Forwarded-For': '[2001:db8::1]:4711' }, 'admitted', '2001:db8::1'],
  'what is no address': [{ ...forwarded, 'X-Forwarded-For': 'unknown' }, 'admitted', '127.0.0.1']
}

t.test('behind a proxy that is trusted its headers count', async (t) => {
  const gateway = await startGateway(t, { now, contract: contract('ID_AUTH_CHANNEL_02')!, config: (config) => ({ ...config, trustedProxies: ['127.0.0.0/8'] }) })
  for (const [name, [headers, code, address]] of Object.entries(proxied)) {
    await t.test(`${name}: ${code}`, async (t) => {
      if (address === undefined) return expectOutcome(t, gateway, undefined, code, headers)
      t.equal((await gateway.raw(gateway.request('/items', { headers }))).status, 200)
      t.equal((await gateway.takeRecords(1))[0]?.['clientIp'], address)
      return undefined
    })
  }
})

t.test('a proxy that is not trusted is a caller like any other', async (t) => {
  const gateway = await startGateway(t, { now, contract: contract('ID_AUTH_CHANNEL_01')!, config: (config) => ({ ...config, trustedProxies: ['192.0.2.1'] }) })
  await expectOutcome(t, gateway, undefined, 'tls-required', forwarded)
})

t.test('a contract that no call could meet does not go live', async (t) => {
  for (const [pattern, message] of [['ID_AUTH_CHANNEL_01', /operation "listItems" demands TLS .*configure listeners\.public\.tls/], ['ID_AUTH_CHANNEL_02', /operation "listItems" demands client certificates/]] as const) {
    await t.rejects(startGateway(t, { contract: contract(pattern)! }), { message })
  }
})

t.test('old versions of TLS, and a slow handshake, are not waited for', async (t) => {
  const gateway = await startSecurely(t, 'ID_AUTH_CHANNEL_01', { patience: { headersMs: 1000 } })
  const version = async (options: ConnectionOptions): Promise<string> => new Promise((resolve) => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1', ...secure, ...options }, () => { resolve(socket.getProtocol() ?? ''); socket.destroy() })
    socket.on('error', () => { resolve('refused') })
  })
  t.equal(await version({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), 'refused')
  t.equal(await version({ maxVersion: 'TLSv1.2' }), 'TLSv1.2')
  t.equal(await version({}), 'TLSv1.3')
  const silent = gateway.connect()
  await silent.closed
  t.ok(silent.isClosed)
})

t.test('an answer that breaks off is seen as broken over TLS too', async (t) => {
  const gateway = await startSecurely(t, 'ID_AUTH_CHANNEL_01')
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{')
    setImmediate(() => response.destroy())
  }
  const outcome = await new Promise<string>((resolve) => {
    const sent = request({ ...secure, port: gateway.port, host: '127.0.0.1', path: '/rest/archive/v1/items', headers: { host: gateway.host, authorization: `Bearer ${gateway.voucher()}` } }, (response) => {
      response.on('error', () => { resolve('broken') }).on('end', () => { resolve('whole') }).resume()
    })
    sent.on('error', () => { resolve('broken') }).end()
  })
  t.equal(outcome, 'broken')
  t.equal((await gateway.takeRecords(1))[0]?.['code'], 'upstream-unreachable')
})

t.test('a renewed certificate is put to use without a restart, a broken one is not', async (t) => {
  const folder = t.testdir({ 'server.pem': server.pem, 'server.key': server.keyPem })
  await chmod(join(folder, 'server.key'), 0o600)
  const files = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') }
  const listener = new TlsServer({ cert: server.pem, key: server.keyPem }, (socket) => socket.on('error', () => undefined).end()).on('tlsClientError', () => undefined)
  const port = await freePort()
  await new Promise<void>((resolve) => { listener.listen(port, '127.0.0.1', resolve) })
  t.teardown(async () => { listener.close() })
  const warnings: string[] = []
  const renew = prepareRenewal(listener, () => files, (message) => { warnings.push(message) })
  const seen = async (): Promise<string> => new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ...secure }, () => { resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? ''); socket.destroy() })
    socket.on('error', reject)
  })
  await renew()
  const renewed = await authority.issue('localhost')
  await writeFile(files.certificate, renewed.pem)
  await renew()
  t.equal(await seen(), server.certificate.fingerprint256, 'a certificate without its key changes nothing')
  t.match(warnings, [/keeps its certificate: TLS cannot be opened with/])
  await writeFile(files.key, renewed.keyPem)
  await renew()
  t.equal(await seen(), renewed.certificate.fingerprint256)
  t.equal(warnings.length, 1)
  await writeFile(files.certificate, server.pem)
  await writeFile(files.key, server.keyPem)
  await chmod(files.key, 0o644)
  await renew()
  t.equal(await seen(), renewed.certificate.fingerprint256, 'nor does a key that others can read')
  t.match(warnings.at(-1), /server\.key is open to other users: run chmod 600 /)
  t.notMatch(warnings.join(), 'BEGIN')
})

t.test('a registry with names of certificates that are none is refused', async (t) => {
  await t.rejects(startGateway(t, { registry: withCertificates([{ thumbprint: 'short' }])! }), { message: /certificates/ })
})

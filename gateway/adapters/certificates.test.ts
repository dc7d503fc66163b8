import { createHash, X509Certificate } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { nameOf } from '../../policies/certificate-name.ts'
import type { FoundCertificate } from '../../policies/certificates.ts'
import { makeAuthority, rsaOf, selfSigned } from '../harness/certificates.ts'
import type { CertificateOptions, Issued } from '../harness/certificates.ts'
import { until } from '../harness/gateway.ts'
import { openCertificates } from './certificates.ts'
import type { X509Config } from './certificates.ts'
import type { CertifiedClient, RegisteredCertificate } from './certificates-registered.ts'

const now = Date.now()
const minute = 60_000

const root = await makeAuthority('root', { key: rsaOf(2048) })
const intermediate = await root.issue('intermediate', { authority: true, pathLength: 0 })
const other = await makeAuthority('root', { key: rsaOf(2048) })
const leaf = await root.issue('leaf')
const deep = await intermediate.issue('deep')

const derOf = ({ certificate }: Issued): string => certificate.raw.toString('base64')
const thumbprintOf = ({ certificate }: Issued): string => createHash('sha256').update(certificate.raw).digest('base64url')
const x5c = (...chain: Issued[]): Record<string, unknown> => ({ alg: 'ES256', typ: 'JWT', x5c: chain.map(derOf) })
const subjectOf = ({ certificate }: Issued): RegisteredCertificate => ({ subject: nameOf(certificate).subject })
const fileOf = (issued: Issued, ...more: Issued[]): RegisteredCertificate => ({ file: 'client.pem', certificates: [issued, ...more].map(({ certificate }) => certificate) })
const client = (...certificates: RegisteredCertificate[]): CertifiedClient => ({ id: 'client-1', alias: 'client', certificates })

interface Setting { readonly config?: Partial<X509Config>, readonly clients?: readonly CertifiedClient[], readonly authorities?: readonly Issued[], readonly lists?: readonly string[], readonly at?: number }

/** Opens the certificates with files of their own; `warnings` grows. */
async function open (t: Test, { config = {}, clients = [], authorities = [root], lists = [], at = now }: Setting = {}) {
  const folder = t.testdir(Object.fromEntries([...authorities.map(({ pem }, index) => [`ca-${index}.pem`, pem]), ...lists.map((list, index) => [`list-${index}.pem`, list])]))
  const warnings: string[] = []
  const complete: X509Config = { mode: 'ca', ca: authorities.map((_, index) => join(folder, `ca-${index}.pem`)), crl: lists.map((_, index) => join(folder, `list-${index}.pem`)), x5u: [], ...config }
  return { certificates: await openCertificates(complete, clients, { now: () => at, warn: (message) => { warnings.push(message) } }), warnings, folder }
}

const pinned = { mode: 'pinned', ca: [], crl: [] } as const
const untrusted = (found: FoundCertificate): string | undefined => typeof found === 'object' && 'untrusted' in found ? found.untrusted : undefined

t.test('pinned: a certificate is trusted that the registry names, and no other', async (t) => {
  const own = await selfSigned('own')
  const stranger = await selfSigned('own')
  for (const registered of [{ thumbprint: thumbprintOf(own) }, fileOf(own)]) {
    const { certificates } = await open(t, { config: pinned, clients: [client(registered)] })
    const found = await certificates.find(x5c(own), now)
    t.match(found, { clientId: 'client-1', thumbprint: thumbprintOf(own) })
    t.ok('key' in (found as object) && (found as { key: typeof own.certificate.publicKey }).key.equals(own.certificate.publicKey))
    t.equal(untrusted(await certificates.find(x5c(stranger), now)), 'it is not registered with any client', 'B11, B12: the same name is not enough')
    t.equal(untrusted(await certificates.find(x5c(stranger, own), now)), 'it is not registered with any client', 'nor that it comes with it')
    t.match(await certificates.find(x5c(own, stranger), now), { clientId: 'client-1' })
    t.equal(untrusted(await certificates.find(x5c(own), now + 366 * 86_400_000)), 'it is not valid at this time')
    t.equal(untrusted(await certificates.find(x5c(own), now - 2 * 86_400_000)), 'it is not valid at this time')
  }
})

t.test('x5t#S256 names a certificate whose file the registry has', async (t) => {
  const { certificates } = await open(t, { config: pinned, clients: [client(fileOf(leaf)), { id: 'client-2', alias: 'second', certificates: [{ thumbprint: thumbprintOf(deep) }] }] })
  const header = (thumbprint: unknown, more: object = {}) => ({ 'alg': 'ES256', 'x5t#S256': thumbprint, ...more })
  t.match(await certificates.find(header(thumbprintOf(leaf)), now), { clientId: 'client-1', thumbprint: thumbprintOf(leaf) })
  t.match(await certificates.find(header(thumbprintOf(leaf), { x5c: [derOf(leaf)] }), now), { clientId: 'client-1' })
  t.equal(untrusted(await certificates.find(header(thumbprintOf(deep), { x5c: [derOf(leaf)] }), now)), 'x5t#S256 is not the thumbprint of the certificate')
  t.match(untrusted(await certificates.find(header(thumbprintOf(deep)), now)), /the registry has no file/, 'a thumbprint alone is no key')
  for (const wrong of ['', 7, null, {}, thumbprintOf(leaf).toLowerCase(), `${thumbprintOf(leaf)}=`, '__proto__']) t.match(untrusted(await certificates.find(header(wrong), now)), /the registry has no file/)
  for (const wrong of [null, 7, '']) t.match(untrusted(await certificates.find(header(wrong, { x5c: [derOf(leaf)] }), now)), /not the thumbprint/)
})

t.test('ca: a certificate is trusted that an authority issued, and belongs to the client with its subject or thumbprint (A1, A4)', async (t) => {
  for (const registered of [subjectOf(leaf), { thumbprint: thumbprintOf(leaf) }, fileOf(leaf)]) {
    const { certificates } = await open(t, { clients: [client(registered)] })
    t.match(await certificates.find(x5c(leaf), now), { clientId: 'client-1', thumbprint: thumbprintOf(leaf) })
    t.match(await certificates.find(x5c(leaf, root), now), { clientId: 'client-1' }, 'with the authority behind it')
    t.match(await certificates.find(x5c(deep, intermediate), now), { clientId: undefined }, 'one that nobody registered is trusted and nobody\'s (A29)')
    t.match(await certificates.find(x5c(deep, intermediate, root), now), { clientId: undefined })
  }
  const { certificates } = await open(t, { authorities: [root, intermediate], clients: [client(fileOf(deep))] })
  t.match(await certificates.find({ 'alg': 'ES256', 'x5t#S256': thumbprintOf(deep) }, now), { clientId: 'client-1' }, 'over an intermediate authority of the configuration')
  t.match(await certificates.find(x5c(deep), now), { clientId: 'client-1' })
})

interface Refusal { readonly name: string, readonly chain: () => Promise<readonly Issued[]>, readonly reason: string, readonly authorities?: readonly Issued[] }

const fromRoot = (options: CertificateOptions, issuer = root) => async (): Promise<Issued[]> => [await issuer.issue('leaf', { ...options })]
const under = (options: CertificateOptions, issuer = root) => async (): Promise<Issued[]> => {
  const middle = await issuer.issue('middle', { authority: true, ...options })
  return [await middle.issue('leaf'), middle]
}
const noAuthority = 'no authority that is trusted here issued it'

const refusals: readonly Refusal[] = [
  { name: 'one that signed itself (B11)', chain: async () => [await selfSigned('leaf')], reason: noAuthority },
  { name: 'one of another authority of the same name', chain: fromRoot({}, other), reason: noAuthority },
  { name: 'one of another authority that is sent along', chain: async () => [await other.issue('leaf'), other], reason: noAuthority },
  { name: 'one whose authority is not sent along', chain: async () => [deep], reason: noAuthority },
  { name: 'a chain in another order', chain: async () => [intermediate, deep], reason: 'it is that of an authority' },
  { name: 'a chain with something between', chain: async () => [deep, leaf, intermediate], reason: 'its chain is broken' },
  { name: 'a chain with something behind it', chain: async () => [leaf, deep], reason: 'there are certificates with it that do not belong to its chain' },
  { name: 'one that a leaf issued', chain: async () => [await leaf.issue('below'), leaf], reason: 'its chain is broken' },
  { name: 'one that a certificate without keyCertSign issued', chain: under({ keyUsage: [0] }), reason: 'its chain is broken' },
  { name: 'one that a certificate which is no authority issued, whatever its keyUsage', chain: under({ authority: false, keyUsage: [5, 6] }), reason: 'one of its chain may not issue certificates' },
  { name: 'an authority\'s own', chain: async () => [root], reason: 'it is that of an authority' },
  { name: 'an intermediate authority\'s own', chain: async () => [intermediate], reason: 'it is that of an authority' },
  { name: 'one below more authorities than allowed', chain: async () => { const lower = await intermediate.issue('lower', { authority: true }); return [await lower.issue('leaf'), lower, intermediate] }, reason: 'its chain is longer than one of its authorities allows (pathLenConstraint)' },
  { name: 'a chain of six', chain: async () => { const chain = [root]; for (let depth = 0; depth < 4; depth++) chain.unshift(await chain[0]!.issue(`level ${depth}`, { authority: true })); return [await chain[0]!.issue('leaf'), ...chain.slice(0, 4)] }, reason: 'its chain is longer than 5' },
  { name: 'one that is not for signatures', chain: fromRoot({ keyUsage: [2] }), reason: 'it is not for signatures (keyUsage without digitalSignature)' },
  { name: 'one with name constraints above it', chain: under({ extensions: [{ id: '2.5.29.30', critical: false }] }), reason: 'it has constraints that are not understood here' },
  { name: 'one with a critical extension that nobody knows', chain: fromRoot({ extensions: [{ id: '1.3.6.1.4.1.99999.1', critical: true }] }), reason: 'it has constraints that are not understood here' },
  { name: 'one with an extension twice', chain: fromRoot({ extensions: [{ id: '2.5.29.32', critical: false }, { id: '2.5.29.32', critical: false }] }), reason: 'it has an extension twice' },
  { name: 'one with a short RSA key', chain: fromRoot({ key: rsaOf(1024) }), reason: 'its key is a modulus of 1024 bits' },
  { name: 'one that a short RSA key signed', chain: under({ key: rsaOf(1024) }), reason: 'its key is a modulus of 1024 bits' },
  { name: 'one below an authority that only seems trusted', chain: async () => { const forged = await makeAuthority('intermediate'); return [await forged.issue('leaf'), forged] }, reason: noAuthority }
]

for (const { name, chain, reason, authorities } of refusals) {
  t.test(`ca: not trusted is ${name}`, async (t) => {
    const sent = await chain()
    const { certificates } = await open(t, { ...authorities && { authorities }, clients: [client(subjectOf(sent[0]!), { thumbprint: thumbprintOf(sent[0]!) })] })
    t.equal(untrusted(await certificates.find(x5c(...sent), now)), reason)
    t.equal(untrusted(await certificates.find(x5c(...sent), now)), reason, 'nor the second time')
  })
}

t.test('ca: a signature with SHA-1 is not trusted, whoever made it', async (t) => {
  const weak = await makeAuthority('weak', { key: rsaOf(2048, { hash: 'SHA-1' }), hash: 'SHA-1' })
  const signed = await weak.issue('leaf', { hash: 'SHA-1' })
  const { certificates } = await open(t, { authorities: [weak], clients: [client({ thumbprint: thumbprintOf(signed) })] })
  t.equal(untrusted(await certificates.find(x5c(signed), now)), 'it is signed with an algorithm that is not taken')
  const { certificates: exact } = await open(t, { config: pinned, clients: [client({ thumbprint: thumbprintOf(signed) })] })
  t.equal(untrusted(await exact.find(x5c(signed), now)), 'it is signed with an algorithm that is not taken')
})

/** A certificate of a key on secp256k1, which neither the library nor node:crypto makes for tests. */
const onAnotherCurve = 'MIIBbDCCARKgAwIBAgIUYF+6WvjQEvzb645e7qKAvQWJxIswCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBazAgFw0yNjExMjIwMjI1NTJaGA8yMTI2MTAyOTAyMjU1MlowDDEKMAgGA1UEAwwBazBWMBAGByqGSM49AgEGBSuBBAAKA0IABHKSWZfo+icqX7Tz0FSDJ/k8twfPDdhz7EGx3xhhfFxdBdF+nvqmQmLVo1w1T+ZnEHGBjEIiFrl41bjCSWScoJ2jUzBRMB0GA1UdDgQWBBS/rprBJR7E6nlCf1w7EYig2IEEkzAfBgNVHSMEGDAWgBS/rprBJR7E6nlCf1w7EYig2IEEkzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDUIUYhiwSKpEFJBAnHTbpEqz6XbpemARRlQc+GOYiBVgIgeTyb73MXRG7eNAb10Iovwr3m/x7Xw185pLa9CyAEuCg='

t.test('a key of a type that is not taken is not trusted, whoever vouches for it', async (t) => {
  const certificate = new X509Certificate(Buffer.from(onAnotherCurve, 'base64'))
  const { certificates } = await open(t, { config: pinned, clients: [client({ file: 'client.pem', certificates: [certificate] })] })
  const at = certificate.validFromDate.getTime()
  t.equal(untrusted(await certificates.find({ x5c: [onAnotherCurve] }, at)), 'its key is of a type that is not taken')
  const salted = await makeAuthority('salted', { key: rsaOf(2048, { name: 'RSA-PSS' }) })
  const { certificates: other } = await open(t, { authorities: [salted] })
  t.equal(untrusted(await other.find(x5c(await salted.issue('leaf')), now)), 'it is signed with an algorithm that is not taken')
})

t.test('ca: every certificate of the chain must be valid at the time of each call', async (t) => {
  const soon = await root.issue('soon', { authority: true, notBefore: now - minute, notAfter: now + minute })
  const late = await root.issue('late', { notBefore: now + minute })
  const below = await soon.issue('below')
  const { certificates, warnings } = await open(t)
  t.match(await certificates.find(x5c(below, soon), now), { thumbprint: thumbprintOf(below) })
  t.match(await certificates.find(x5c(below, soon), soon.certificate.validToDate.getTime()), { thumbprint: thumbprintOf(below) }, 'to the last moment')
  t.equal(untrusted(await certificates.find(x5c(below, soon), now + 2 * minute)), 'one of its chain is not valid at this time', 'although it is remembered')
  t.equal(untrusted(await certificates.find(x5c(late), now)), 'it is not valid at this time')
  t.match(await certificates.find(x5c(late), now + 2 * minute), { thumbprint: thumbprintOf(late) })
  t.strictSame(warnings, [])
})

t.test('an authority that expired is warned about at the start, and nothing that it issued is trusted', async (t) => {
  const expired = await makeAuthority('expired', { notBefore: now - 2 * minute, notAfter: now - minute })
  const issued = await expired.issue('leaf')
  const { certificates, warnings } = await open(t, { authorities: [expired], clients: [client({ thumbprint: thumbprintOf(issued) })] })
  t.match(warnings, [/^the authority in .*ca-0\.pem expired at .*: nothing that it issued is trusted any more$/])
  t.equal(untrusted(await certificates.find(x5c(issued), now)), 'one of its chain is not valid at this time')
})

t.test('a revoked certificate is not trusted (A30), from the call on that comes after the list was renewed', async (t) => {
  const [good, bad] = [await root.issue('good'), await root.issue('bad')]
  const { certificates, folder, warnings } = await open(t, { lists: [await root.revoke([bad])] })
  t.match(await certificates.find(x5c(good), now), { thumbprint: thumbprintOf(good) })
  t.equal(untrusted(await certificates.find(x5c(bad), now)), 'it was revoked')
  await replace(join(folder, 'list-0.pem'), await root.revoke([bad, good], { thisUpdate: now - minute / 2 }))
  t.match(await certificates.find(x5c(good), now + 9_000), { thumbprint: thumbprintOf(good) }, 'it is not looked at on every call')
  await until(() => untrusted(certificates.find(x5c(good), now + 10_000) as FoundCertificate) === 'it was revoked')
  t.equal(untrusted(await certificates.find(x5c(good), now + 10_000)), 'it was revoked')
  t.strictSame(warnings, [])
})

t.test('an intermediate authority that was revoked takes with it what it issued', async (t) => {
  const { certificates } = await open(t, { lists: [await root.revoke([intermediate])] })
  t.equal(untrusted(await certificates.find(x5c(deep, intermediate), now)), 'one of its chain was revoked')
  t.match(await certificates.find(x5c(leaf), now), { thumbprint: thumbprintOf(leaf) })
  const { certificates: both } = await open(t, { authorities: [intermediate, root], lists: [await root.revoke([intermediate])] })
  t.equal(untrusted(await both.find(x5c(deep), now)), 'one of its chain was revoked', 'also where it is itself in the configuration')
})

t.test('a list that is out of date decides nothing until there is a newer one; authorities without a list are not checked', async (t) => {
  const { certificates, folder, warnings } = await open(t, { authorities: [root, other], lists: [await root.revoke([], { nextUpdate: now + 20_000 })] })
  const elsewhere = await other.issue('elsewhere')
  t.match(await certificates.find(x5c(leaf), now + 19_000), { thumbprint: thumbprintOf(leaf) })
  t.equal(await certificates.find(x5c(leaf), now + 20_000), 'unavailable')
  t.match(await certificates.find(x5c(elsewhere), now + 20_000), { thumbprint: thumbprintOf(elsewhere) })
  await replace(join(folder, 'list-0.pem'), await root.revoke([], { thisUpdate: now + 10_000, nextUpdate: now + 86_400_000 }))
  t.match(await certificates.find(x5c(leaf), now + 40_000), { thumbprint: thumbprintOf(leaf) }, 'the call that finds it out of date waits for the new one')
  t.strictSame(warnings, [])
  const { certificates: early } = await open(t, { lists: [await root.revoke([], { thisUpdate: now + minute })] })
  t.equal(await early.find(x5c(leaf), now), 'unavailable', 'nor does one of tomorrow')
})

t.test('a list is replaced only by a newer one of the same authority', async (t) => {
  const bad = await root.issue('bad')
  const { certificates, folder, warnings } = await open(t, { authorities: [root, other], lists: [await root.revoke([bad])] })
  const file = join(folder, 'list-0.pem')
  const worse: readonly (readonly [content: string | undefined, warning: RegExp])[] = [
    [await root.revoke([], { thisUpdate: now - 10 * minute }), /is older than the one that it was, which stays$/],
    [await other.revoke([]), /is now one of another authority: the one that it was stays$/],
    ['nothing', /cannot be used: it is no revocation list$/],
    [undefined, /cannot be used: it cannot be read \(ENOENT\)$/]
  ]
  for (const [index, [content, warning]] of worse.entries()) {
    if (content === undefined) await rm(file)
    else await replace(file, content)
    const at = now + (index + 1) * 10_000
    await certificates.find(x5c(bad), at)
    await until(() => warnings.length > index)
    t.match(warnings[index], warning)
    t.equal(untrusted(await certificates.find(x5c(bad), at)), 'it was revoked')
  }
})

const silent = await makeAuthority('root', { keyUsage: [5] })

const unusable: readonly (readonly [name: string, list: () => Promise<string>, fault: RegExp])[] = [
  ['one of nobody', async () => other.revoke([]), /cannot be used: none of the authorities in x509\.ca signed it$/],
  ['one by an authority that may not make any', async () => silent.revoke([]), /none of the authorities/],
  ['one that does not end', async () => root.revoke([], { nextUpdate: undefined }), /it does not say until when it holds \(nextUpdate\)$/],
  ['one that is only the changes to another', async () => root.revoke([], { extensions: [{ id: '2.5.29.27', critical: true }] }), /it is only a part of a list/],
  ['one of a part of the certificates', async () => root.revoke([], { extensions: [{ id: '2.5.29.28', critical: false }] }), /it is only a part of a list/],
  ['one with a critical extension that nobody knows', async () => root.revoke([], { extensions: [{ id: '1.3.6.1.4.1.99999.1', critical: true }] }), /it is only a part of a list/],
  ['a certificate', async () => root.pem, /it is no revocation list$/],
  ['nothing', async () => '', /it is no revocation list$/]
]

for (const [name, list, fault] of unusable) {
  t.test(`a list that cannot be used is a boot error: ${name}`, async (t) => {
    const content = await list()
    await t.rejects(open(t, { authorities: [root, silent], lists: [content] }), { message: fault })
  })
}

t.test('files of authorities that cannot be used are a boot error that names them all', async (t) => {
  const weak = await makeAuthority('weak', { key: rsaOf(1024) })
  const folder = t.testdir({ 'none.pem': 'nothing', 'leaf.pem': leaf.pem, 'weak.pem': weak.pem, 'constrained.pem': (await makeAuthority('x', { extensions: [{ id: '2.5.29.30', critical: true }] })).pem })
  const ca = ['missing.pem', 'none.pem', 'leaf.pem', 'weak.pem', 'constrained.pem'].map((name) => join(folder, name))
  const error: Error = await openCertificates({ mode: 'ca', ca, crl: [], x5u: [] }, [], { now: () => now, warn: () => undefined }).then(() => new Error('it opened'), (thrown: Error) => thrown)
  t.match(error.message.split('\n'), [
    /missing\.pem cannot be read \(ENOENT\)$/, /none\.pem holds no certificate that can be read$/, /leaf\.pem holds a certificate that cannot be trusted as an authority: it may not issue certificates/,
    /weak\.pem .*: its key is a modulus of 1024 bits$/, /constrained\.pem .*: it has constraints that are not understood here$/
  ])
})

t.test('a certificate is one client\'s, and only authorities can tell a subject', async (t) => {
  const second = { id: 'client-2', alias: 'second' }
  await t.rejects(open(t, { clients: [client({ thumbprint: thumbprintOf(leaf) }), { ...second, certificates: [fileOf(leaf)] }] }), { message: /^clients "client" and "second" have the same certificate/ })
  await t.rejects(open(t, { clients: [client(subjectOf(leaf)), { ...second, certificates: [subjectOf(leaf)] }] }), { message: /same certificate, CN=leaf,O=Ente,C=IT/ })
  await t.rejects(open(t, { config: pinned, clients: [client(subjectOf(leaf))] }), { message: /by subject, which says nothing without authorities/ })
  const { certificates } = await openNone()
  t.match(untrusted(await certificates.find(x5c(leaf), now)), /there is no x509 in the configuration/)
})

async function openNone () {
  return { certificates: await openCertificates(undefined, [], { now: () => now, warn: () => undefined }) }
}

const pem = leaf.pem
const der = leaf.certificate.raw
const forms: Readonly<Record<string, unknown>> = {
  'no list': der.toString('base64'), 'an empty list': [], 'six': Array.from({ length: 6 }, () => derOf(leaf)), 'a number': [7], 'null': [null], 'an object': [{}], 'a list in it': [[derOf(leaf)]], 'nothing in it': [''],
  'base64url': [der.toString('base64url')], 'a line break': [`${derOf(leaf).slice(0, 64)}\n${derOf(leaf).slice(64)}`], 'no padding': [derOf(root).replace(/=+$/, '').slice(0, -1)], 'more padding': [`${derOf(leaf)}==`],
  'garbage behind it': [Buffer.concat([der, Buffer.from([0])]).toString('base64')], 'a second certificate behind it': [Buffer.concat([der, der]).toString('base64')], 'PEM': [Buffer.from(pem).toString('base64')], 'PEM as text': [pem],
  'cut off': [der.subarray(0, -1).toString('base64')], 'one byte': ['MA=='], 'nothing but an empty sequence': ['MAA='], 'the wrong one behind a good one': [derOf(leaf), 'MAA='], 'undefined members': [derOf(leaf), undefined]
}

for (const [name, value] of Object.entries(forms)) {
  t.test(`x5c that is not of its form: ${name}`, async (t) => {
    const { certificates } = await open(t, { clients: [client({ thumbprint: thumbprintOf(leaf) })] })
    t.match(await certificates.find(x5c(leaf), now), { clientId: 'client-1' })
    t.match(untrusted(await certificates.find({ x5c: value }, now)), /^(?:x5c |there is something in it that is no certificate)/)
  })
}

t.test('changed bytes never make a certificate that is trusted, and nothing throws', async (t) => {
  const { certificates } = await open(t, { clients: [client({ thumbprint: thumbprintOf(leaf) }, subjectOf(leaf))] })
  const changes = fc.array(fc.record({ at: fc.nat(der.length - 1), to: fc.nat(255) }), { minLength: 1, maxLength: 4 })
  await fc.assert(fc.asyncProperty(changes, async (list) => {
    const changed = Buffer.from(der)
    for (const { at, to } of list) changed[at] = to
    return changed.equals(der) || untrusted(await certificates.find({ x5c: [changed.toString('base64')] }, now)) !== undefined
  }), { numRuns: 1000 })
  await fc.assert(fc.asyncProperty(fc.dictionary(fc.constantFrom('x5c', 'x5u', 'x5t#S256'), fc.oneof(fc.jsonValue(), fc.base64String(), fc.constant([derOf(deep)]))), async (header) => untrusted(await certificates.find(header, now)) !== undefined), { numRuns: 500 })
})

async function replace (file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content)
  await rename(`${file}.new`, file)
}

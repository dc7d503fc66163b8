import { randomUUID, X509Certificate } from 'node:crypto'
import { access, constants, open, readdir, readFile, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loadContract } from '../../openapi/contract.ts'
import { readSigningKey } from '../adapters/keychain-file.ts'
import { readPrivateFile } from '../adapters/private-file.ts'
import { auditPlaces } from '../audit/audit-place.ts'
import { auditFiles } from '../audit/audit-reader.ts'
import { followChain } from '../audit/audit-chain.ts'
import { describeEService } from '../live.ts'
import { openStateFolder } from '../state-folder.ts'
import { tracingStateOf } from '../tracing/standing.ts'
import { isFree } from './free-port.ts'
import { Broken } from './examination.ts'
import type { Finding } from './examination.ts'
import { askRunning } from './patient.ts'
import type { Patient } from './patient.ts'

const mebibyte = 1024 * 1024
const dayMs = 24 * 60 * 60 * 1000
/** Less than this is broken: calls that must be recorded are refused on a full disk. Below the ten-fold it is told. */
const least = { bytes: 100 * mebibyte, inodes: 1000 }
/** A certificate that ends sooner than this is told of, in ms. */
const soonMs = 14 * dayMs

/** The state folder: for this user alone, with room for files. It is not made here: it would belong to whoever looks. */
export async function checkState ({ config: { state } }: Patient): Promise<Finding> {
  if (await isAbsent(state)) {
    await beUsable(await nearestFolder(state), 'let this user make it there, or name another folder as state in the configuration')
    return `${state} is made at the first start`
  }
  await openStateFolder(state)
  await beUsable(state, 'run varco doctor as the user of the gateway; if this is that user, give it the folder with chown -R, and let its disk be written to')
  const { bavail, bsize, files, ffree } = await statfs(state)
  return judgeRoom({ bytes: bavail * bsize, inodes: files === 0 ? Infinity : ffree }, state)
}

async function beUsable (folder: string, remedy: string): Promise<void> {
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => { throw new Broken(`this user may not write to ${folder} (${error.code})`, remedy) })
}

/** The folder nearest to a path that is there. */
async function nearestFolder (path: string): Promise<string> {
  const folder = dirname(path)
  return await isAbsent(folder) ? nearestFolder(folder) : folder
}

/** Whether there is room on a disk; some file systems have as many inodes as they need (Infinity). */
export function judgeRoom ({ bytes, inodes }: { readonly bytes: number, readonly inodes: number }, folder: string): Finding {
  const free = bytes >= 1024 * mebibyte ? `${(bytes / 1024 / mebibyte).toFixed(1)} GiB` : `${Math.floor(bytes / mebibyte)} MiB`
  if (bytes < least.bytes) throw new Broken(`the disk of ${folder} has only ${free} left`, 'make room on that disk, or name another folder as state in the configuration')
  if (inodes < least.inodes) throw new Broken(`the disk of ${folder} has only ${inodes} inodes left`, 'take files away from that disk: it has room, but for no more of them')
  const scarce = bytes < least.bytes * 10 || inodes < least.inodes * 10
  return { detail: `${folder}, ${free} free`, warnings: scarce ? [`only ${free} and ${inodes === Infinity ? 'any number of' : inodes} inodes are left`] : [] }
}

/** That records can be written, and that the last file of every process is what was written there. Long files are followed as far as time allows: varco audit verify reads all. */
export async function checkDisk ({ config: { state } }: Patient): Promise<Finding> {
  if (await isAbsent(state)) return undefined
  const probe = join(state, `.doctor-${randomUUID()}`)
  try {
    const file = await open(probe, 'wx', 0o600)
    await file.writeFile(Buffer.alloc(64 * 1024))
    await file.sync()
    await file.close()
  } catch (error) {
    throw new Broken(`nothing can be written to ${state} (${(error as NodeJS.ErrnoException).code})`)
  } finally {
    await rm(probe, { force: true }).catch(() => undefined)
  }
  const until = performance.now() + 1000
  let lines = 0
  const warnings: string[] = []
  for (const { folder, within } of await auditPlaces(state)) {
    const last = (await auditFiles.list(folder)).at(-1)
    if (!last) continue
    const end = await followChain(last.path, () => { if (performance.now() > until) throw new OutOfTime() }).catch((error: unknown) => {
      if (error instanceof OutOfTime) warnings.push(`${within}${last.name} was read in part: varco audit verify reads all`)
      else throw new Broken(`${last.path} cannot be read (${(error as NodeJS.ErrnoException).code})`, 'give this user the right to read it, or look at the disk')
    })
    if (end?.isBroken) throw new Broken(`line ${end.lines + 1} of ${last.path} is not what was written there`, 'run varco audit verify, keep the files as they are, and find out who changed them')
    lines += end?.lines ?? 0
  }
  return { detail: lines === 0 ? 'can be written' : `can be written; ${lines} lines of the last records are what was written`, warnings }
}

class OutOfTime extends Error {}

async function isAbsent (path: string): Promise<boolean> {
  return stat(path).then(() => false, ({ code }: NodeJS.ErrnoException) => code === 'ENOENT')
}

/** The gateway's own keys and certificates. */
export async function checkKeys ({ config, now }: Patient): Promise<Finding> {
  const { pdnd: { api }, listeners, x509, eservices } = config
  const faults: string[] = []
  if (api) await readKey(api.privateKey, faults)
  const folders = new Set(eservices.flatMap(({ keychain }) => keychain ?? []))
  for (const folder of folders) {
    const files = await keyFilesOf(folder)
    if (files.length === 0) faults.push(`${folder}: there is no key in it`)
    for (const file of files) await readKey(file, faults)
  }
  for (const tls of [listeners.public.tls, listeners.internal?.tls]) if (tls) await readTlsKey(tls.key, faults)
  const certificates = [listeners.public.tls, listeners.internal?.tls].flatMap((tls) => tls ? [tls.certificate, ...tls.clients?.ca ?? []] : []).concat(x509?.ca ?? [])
  const warnings = (await Promise.all(certificates.map(async (file) => judgeCertificate(file, await readFile(file, 'utf8').catch(() => ''), now(), faults)))).flat()
  if (faults.length > 0) throw new Broken(faults.join('; '))
  return api || folders.size > 0 || certificates.length > 0 ? { detail: `${Number(api !== undefined) + folders.size} places of keys, ${certificates.length} of certificates`, warnings } : undefined
}

/** The files of a keychain. */
export async function keyFilesOf (folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.pem') && !name.startsWith('.')).map((name) => join(folder, name))
}

async function readKey (file: string, faults: string[]): Promise<void> {
  const key = await readSigningKey(file)
  if (typeof key === 'string') faults.push(`${file}: ${key}`)
}

async function readTlsKey (file: string, faults: string[]): Promise<void> {
  const key = await readPrivateFile(file).catch(({ code = 'unknown error' }: NodeJS.ErrnoException) => ({ fault: `cannot be read (${code})` }))
  if ('fault' in key) faults.push(`${file}: ${key.fault}`)
}

/** What is to be told of the certificates of a PEM file at a time (epoch ms); what is wrong with them goes to `faults`. */
export function judgeCertificate (file: string, pem: string, now: number, faults: string[]): readonly string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) faults.push(`${file}: there is no certificate in it`)
  return found.flatMap((text) => {
    const { validFromDate, validToDate } = new X509Certificate(text)
    const day = validToDate.toISOString().slice(0, 10)
    if (validToDate.getTime() <= now) faults.push(`${file}: its certificate ended on ${day}: put a new one there, it is taken in by itself`)
    else if (validFromDate.getTime() > now) faults.push(`${file}: its certificate begins on ${validFromDate.toISOString().slice(0, 10)} only`)
    return validToDate.getTime() > now && validToDate.getTime() - now < soonMs ? [`${file}: its certificate ends on ${day}`] : []
  })
}

/** The contracts, as far as they can be served; how rules judge them only where a gateway runs that knows. */
export async function checkContracts (patient: Patient): Promise<Finding> {
  const { config, running } = patient
  patient.eservices = await Promise.all(config.eservices.map(async (eservice) => describeEService(config, eservice, await loadContract(eservice.contract))))
  const told = running && !running.silent ? await askRunning(running, '/-/eservices').catch(() => undefined) as { items: readonly { name: string, lint: { errors: number } | null }[] } | undefined : undefined
  const warnings = told?.items.flatMap(({ name, lint }) => lint && lint.errors > 0 ? [`${name}: ${lint.errors} errors by its rules: varco check tells them`] : []) ?? []
  return { detail: `${patient.eservices.length} can be served`, warnings }
}

/** The listeners: those of the gateway that runs, or ports that are free for it. */
export async function checkListeners ({ config: { state, listeners }, running }: Patient): Promise<Finding> {
  if (running?.silent) throw new Broken(`the gateway that left its address in ${state} does not answer on ${running.url}`, `look at its log, or if it is gone take ${join(state, 'operations.json')} away`)
  if (running) {
    const status = await askRunning(running, '/status').then(() => undefined, (error: Error) => error.message)
    if (status !== undefined) return { detail: `the gateway runs since ${running.startedAt}`, warnings: [`it is not ready: ${status}`] }
    return `the gateway runs since ${running.startedAt}, configuration ${running.hash.slice(0, 12)}`
  }
  const wanted = [listeners.public, listeners.internal, listeners.operations].flatMap((listener) => listener ? [listener] : [])
  const taken = (await Promise.all(wanted.map(async ({ host, port }) => await isFree(host, port) ? [] : [port]))).flat()
  if (taken.length > 0) throw new Broken(`no gateway runs with ${state}, and port ${taken.join(', ')} is taken`)
  return `no gateway runs; ports ${wanted.map(({ port }) => port).join(', ')} are free`
}

/** The days that the platform lacks. */
export async function checkTracing ({ config: { tracing, state }, now }: Patient): Promise<Finding> {
  if (!tracing) return undefined
  const { missingDays: [first, ...more], lastFiledDay, lastError } = await tracingStateOf(state, now())
  if (first !== undefined) throw new Broken(`the platform lacks the calls of ${first}${more.length === 0 ? '' : ` and ${more.length} more days`}${lastError === null ? '' : `: ${lastError}`}`)
  return lastFiledDay === null ? 'no day is missing' : `no day is missing; the last one filed is ${lastFiledDay}`
}

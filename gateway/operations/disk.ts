import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { tracingStateOf } from '../tracing/standing.ts'
import type { TracingStanding } from '../tracing/standing.ts'
import type { About } from './about.ts'
import type { CertificateView, TracingView } from './view.ts'

/** What lies on the disk beside the processes: certificates, since when key files are there (epoch ms, by file), and what was filed of tracing. */
export interface Disk { readonly certificates: readonly CertificateView[], readonly since: ReadonlyMap<string, number>, readonly tracing: TracingView | undefined }

/** Where there is no process that says where it is. */
export const noDisk: Disk = { certificates: [], since: new Map(), tracing: undefined }

/** How long what was read is told, in ms: all of it changes by the day. */
const freshMs = 15_000

/** Prepares reading what lies on the disk of a gateway. `now` in epoch ms. */
export function prepareDisk (now: () => number): (about: About | undefined) => Promise<Disk> {
  let read: { readonly of: string, readonly at: number, readonly disk: Promise<Disk> } | undefined
  return async (about) => {
    if (!about) return noDisk
    const of = JSON.stringify([about.state, about.certificates, about.signing])
    if (read?.of !== of || now() - read.at >= freshMs) read = { of, at: now(), disk: readDisk(about, now()) }
    return read.disk
  }
}

/** Where what was done cannot be read. */
const unknownStanding: TracingStanding = { lastFiledDay: null, lastFiledAt: null, missingDays: [], refused: [], lastError: null, days: [] }

async function readDisk ({ state, tracing, certificates, signing }: About, now: number): Promise<Disk> {
  const [read, since, standing] = await Promise.all([
    Promise.all(certificates.map(async ({ listener, file }) => readCertificate(listener, file))),
    Promise.all(signing.map(async ({ file }) => [file, (await stat(file).catch(() => undefined))?.mtimeMs] as const)),
    tracingStateOf(state, now).catch((error: Error) => ({ ...unknownStanding, lastError: error.message }))
  ])
  return { certificates: read, since: new Map(since.flatMap(([file, ms]) => ms === undefined ? [] : [[file, ms]])), tracing: tracingOf(standing, tracing) }
}

async function readCertificate (of: string, file: string): Promise<CertificateView> {
  try {
    const { subject, validToDate } = new X509Certificate(await readFile(file))
    return { of, file, subject: subject.replaceAll('\n', ', '), endsAt: validToDate.getTime() }
  } catch {
    return { of, file, subject: null, endsAt: null }
  }
}

/** How filing stands; undefined where it never began and nobody wants it to. */
export function tracingOf ({ lastFiledDay, lastFiledAt, missingDays, refused, lastError }: TracingStanding, isWanted: boolean): TracingView | undefined {
  if (!isWanted && lastFiledDay === null && lastError === null) return undefined
  return { lastFiled: lastFiledDay, lastFiledAt: lastFiledAt === null ? null : Date.parse(lastFiledAt), missing: missingDays, refused, lastError }
}

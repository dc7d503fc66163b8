import { createPublicKey } from 'node:crypto'
import type { webcrypto } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadContract } from '../../openapi/contract.ts'
import { sandboxEnvironment } from '../../gateway/pdnd-environments.ts'
import type { Platform } from '../platform.ts'
import { admittedPath, figures } from '../scenarios.ts'
import { checkPeer, mintVouchers } from './check-peer.ts'
import type { Questions } from './check-peer.ts'
import type { Peer, Place, Running } from './peer.ts'
import type { Work } from './work.ts'

/** A peer that was checked and serves. */
export interface StartedPeer extends Running { readonly peer: Peer }

/** Why a peer is not measured. */
export interface SkippedPeer { readonly name: string, readonly why: string }

/** What the peers stand between. */
export interface Between { readonly upstream: string, readonly platform: Pick<Platform, 'url' | 'mint'> }

const contractFile = join(import.meta.dirname, '../../openapi/tickets.v1.yaml')

/** No run makes so many calls. */
const unreached = 1_000_000_000

/**
 * Starts the peers that are installed here and checks that each does what it claims, before anything is timed. Throws a sentence at the first that
 * does not; `place.stack` stops them all.
 */
export async function startPeers (peers: readonly Peer[], between: Between, place: Place): Promise<{ readonly started: readonly StartedPeer[], readonly skipped: readonly SkippedPeer[] }> {
  const work = await workOf(between, place)
  const questions: Questions = { path: admittedPath, badPath: admittedPath.replace('infoline', 'nowhere'), expected: figures, vouchers: await mintVouchers(between.platform) }
  const started: StartedPeer[] = []
  const skipped: SkippedPeer[] = []
  for (const [index, peer] of peers.entries()) {
    const why = peer.missing?.()
    if (why === undefined) started.push({ peer, ...await startChecked(peer, work, questions, { ...place, folder: join(place.folder, `peer-${index}`) }) })
    else skipped.push({ name: peer.name, why })
  }
  return { started, skipped }
}

async function startChecked (peer: Peer, work: Work, questions: Questions, place: Place): Promise<Running> {
  const running = await peer.start(work, place)
  // Another one, for the time of the check, that refuses the second call of a client.
  await using brief = new AsyncDisposableStack()
  const strict = peer.claims.includes('limit') ? await peer.start({ ...work, limit: 1 }, { ...place, folder: `${place.folder}-strict`, stack: brief }) : undefined
  await checkPeer(running.url, strict?.url, peer.claims, questions).catch((error: Error) => { throw new Error(`${peer.name} is not timed, it does not do its work: ${error.message}`) })
  return running
}

async function workOf ({ upstream, platform }: Between, { folder, signal }: Place): Promise<Work> {
  const jwksUrl = `${platform.url}/.well-known/jwks.json`
  const { keys: [jwk] } = await (await fetch(jwksUrl, { headers: { connection: 'close' }, signal })).json() as { keys: [webcrypto.JsonWebKey] }
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const pemFile = join(folder, 'platform.pem')
  const contract = join(folder, 'contract.json')
  await Promise.all([writeFile(pemFile, pem), writeFile(contract, JSON.stringify((await loadContract(contractFile)).document))])
  return {
    upstream,
    pem,
    pemFile,
    jwksUrl,
    issuer: sandboxEnvironment().issuer,
    audience: 'https://loadtest.example.it/rest/tickets/v1',
    limit: unreached,
    contract
  }
}

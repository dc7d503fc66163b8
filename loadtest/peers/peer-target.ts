import { createPublicKey } from 'node:crypto'
import type { webcrypto } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadContract } from '../../openapi/contract.ts'
import { sandboxEnvironment } from '../../gateway/pdnd-environments.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import type { Platform } from '../platform.ts'
import type { Ground, TargetKind } from '../target.ts'
import { checkPeer, mintVouchers } from './check-peer.ts'
import type { Peer, Place, Running } from './peer.ts'
import type { Work } from './work.ts'

/** A peer as a target: it starts once it was checked that it does all that it claims, and throws a sentence when it does not. */
export function targetOf (peer: Peer): TargetKind {
  return {
    name: peer.name,
    ...peer.missing && { missing: peer.missing },
    start: async (ground) => {
      const { url, pid } = await startChecked(peer, ground)
      return { url, pids: [pid] }
    }
  }
}

async function startChecked (peer: Peer, ground: Ground): Promise<Running> {
  const work = await workFor(ground)
  const running = await startIn('peer', peer, work, ground)
  // Another one, for the time of the check, that refuses the second call of a client.
  await using brief = new AsyncDisposableStack()
  const strict = peer.claims.includes('limit') ? await startIn('strict', peer, { ...work, limit: 1 }, { ...ground, stack: brief }) : undefined
  const questions = { path: admittedPath, badPath: admittedPath.replace('infoline', 'nowhere'), expected: figures, vouchers: await mintVouchers(ground.platform) }
  await checkPeer(running.url, strict?.url, peer.claims, questions).catch((error: Error) => { throw new Error(`${peer.name} is not timed, it does not do its work: ${error.message}`) })
  return running
}

async function startIn (name: string, peer: Peer, work: Work, place: Place): Promise<Running> {
  const folder = join(place.folder, `${name}-${peer.name.replaceAll(/\W+/g, '-')}`)
  await mkdir(folder)
  return peer.start(work, { ...place, folder })
}

const contractFile = join(import.meta.dirname, '../../openapi/tickets.v1.yaml')
/** No run makes so many calls. */
const unreached = 1_000_000_000
const works = new WeakMap<Platform, Promise<Work>>()

/** The work is the same for all peers of a run. */
async function workFor (ground: Ground): Promise<Work> {
  const known = works.get(ground.platform) ?? prepareWork(ground)
  works.set(ground.platform, known)
  return known
}

async function prepareWork ({ upstream, platform, folder, signal }: Ground): Promise<Work> {
  const jwksUrl = `${platform.url}/.well-known/jwks.json`
  const { keys: [jwk] } = await (await fetch(jwksUrl, { headers: { connection: 'close' }, signal })).json() as { keys: [webcrypto.JsonWebKey] }
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const pemFile = join(folder, 'platform.pem')
  const contract = join(folder, 'contract.json')
  await Promise.all([writeFile(pemFile, pem), writeFile(contract, JSON.stringify((await loadContract(contractFile)).document))])
  return { upstream, pem, pemFile, jwksUrl, issuer: sandboxEnvironment().issuer, audience: 'https://loadtest.example.it/rest/tickets/v1', limit: unreached, contract }
}

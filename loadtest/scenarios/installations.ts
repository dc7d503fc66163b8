import { admittedPath, figures } from '../admitted-call.ts'
import { documentOf, documentPath, mib8 } from '../answers.ts'
import { operationPath } from '../operations-contract.ts'
import { bearer, dpop } from '../proofs.ts'
import type { Scenario } from '../scenario.ts'
import { readSlowly } from '../slow-readers.ts'
import { watchedGateway, withFrozenRedis, withOperations, withoutRecords, withRedis, withWorkers } from '../targets.ts'
import { admitted } from './admitted.ts'

const call = { path: admittedPath, proof: bearer({ purpose: 'tickets' }), expected: figures } as const
const redisOn = 'Redis on'

/** What a Redis that is shared by gateways costs, and what there is without it. */
export const redis: readonly Scenario[] = [
  { ...call, name: redisOn, group: 'redis', ratioTo: admitted, target: withRedis },
  { ...call, name: 'dpop, Redis on', group: 'redis', ratioTo: 'dpop', target: withRedis, proof: dpop('tickets') },
  { ...call, name: 'Redis frozen', group: 'redis', ratioTo: redisOn, target: withFrozenRedis },
  { ...call, name: 'dpop, Redis frozen', group: 'redis', ratioTo: 'Redis frozen', target: withFrozenRedis, proof: dpop('tickets'), expected: { status: 503, code: 'replay-filter-unavailable' } }
]

const oneWorker = 'one worker'

/** What it costs to keep the record of every call before its answer goes out. */
export const records: readonly Scenario[] = [{ ...call, name: 'without records', group: 'records', ratioTo: admitted, target: withoutRecords }]

/** Two processes beside one, both with a Redis and on the cores that the generator has too. */
export const workers: readonly Scenario[] = [
  { ...call, name: oneWorker, group: 'workers', target: withWorkers(1) },
  { ...call, name: 'two workers', group: 'workers', ratioTo: oneWorker, target: withWorkers(2) }
]

const few = 8
const many = 224

/** A call in the middle of a contract of many operations, beside one in a contract of few. */
export const contracts: readonly Scenario[] = [
  { ...call, name: `${few} operations`, group: 'contracts', target: withOperations(few), path: operationPath(few / 2) },
  { ...call, name: `${many} operations`, group: 'contracts', ratioTo: `${few} operations`, target: withOperations(many), path: operationPath(many / 2) }
]

/** What a connection costs whose other end does not read. */
export const slowReaders: readonly Scenario[] = [
  { name: 'slow readers 8 MiB', group: 'slow readers', target: watchedGateway, path: documentPath(mib8), proof: bearer({ purpose: 'messages' }), expected: { status: 200, body: documentOf(mib8) }, fire: readSlowly }
]

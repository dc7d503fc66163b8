import { admit } from '../../gateway/admit.ts'
import { isDenial } from '../../policies/denials.ts'
import { policies } from '../../policies/order.ts'
import { readCredentials } from '../../policies/credentials.ts'
import type { Credentials } from '../../policies/credentials.ts'
import { readJws } from '../../policies/jws.ts'
import type { Jws } from '../../policies/jws.ts'
import { prepareVouchers } from '../../policies/voucher-caller.ts'
import type { Exchange } from '../../gateway/exchange.ts'
import { exchangeWith } from './request.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

/** What every policy answers to a call that is admitted: the fact, or that there is nothing to prove. */
const isFact = (outcome: unknown): boolean => !isDenial(outcome)

/** Steps 3 and 5: the voucher, each policy by itself on a call for which those before it have proved their facts, and the whole admission as an e-service makes it. */
export async function policyStages (world: World): Promise<readonly Stage[]> {
  const { ports, tickets: { terms } } = world
  const { call } = await admitted(world)
  const prepared = policies.map((policy) => ({ name: policy.name, prove: policy.prepare(ports, terms) as unknown as (call: object) => unknown }))
  return [
    ...await voucherStages(world),
    // A policy that is added is timed without a line here.
    ...prepared.map(({ name, prove }): Stage => ({ name: `policy ${name}`, ofCall: true, run: () => prove(call), isRight: isFact }))
  ]
}

/** A call that went through every stage of the admission of its e-service. Throws when it is refused. */
export async function admitted ({ tickets: { admission }, routeOf, request, now }: World): Promise<Exchange> {
  const exchange = exchangeWith(request, now)
  const route = routeOf('tickets', 'listChannels')
  exchange.route = route
  exchange.call.demands = route.demands
  exchange.call.operationId = route.operation.id
  exchange.call.body = new Uint8Array(0)
  const denial = await admit(exchange, route) ?? await admission.overBody(exchange.call) ?? await admission.afterBody(exchange.call)
  if (denial) throw new Error(`the call that is to be admitted is refused: ${denial.denial}, ${denial.reason ?? denial.check}`)
  return exchange
}

async function voucherStages ({ ports, tickets: { terms }, voucher, unseen, now }: World): Promise<readonly Stage[]> {
  const vouchers = prepareVouchers(ports, terms)
  const known = readCredentials([`Bearer ${voucher}`]) as Credentials
  // As for any call, it is looked for first.
  vouchers.recall(`Bearer ${voucher}`, now)
  await vouchers.prove(known, readJws(voucher) as Jws, now)
  let next = 0
  const fresh = (): unknown => {
    const one = unseen[next++ % unseen.length] as string
    return vouchers.prove({ scheme: 'Bearer', voucher: one }, readJws(one) as Jws, now)
  }
  return [
    { name: 'voucher hit', ofCall: false, run: () => vouchers.recall(`Bearer ${voucher}`, now), isRight: (fact) => fact !== undefined && isFact(fact) },
    { name: 'voucher unseen', ofCall: false, run: fresh, isRight: isFact }
  ]
}

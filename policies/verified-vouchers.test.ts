import type { KeyObject } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { caller } from './caller.ts'
import type { Denial } from './denials.ts'
import { callWith, id, kid, platformKey, portsOf, registryOf, strangerKey, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { FoundKey, Keys } from './keys.ts'
import type { Ports, Terms } from './policy.ts'

/** What remembering verified vouchers must never do: admit one that would be refused if it came for the first time. */

/** Every run tries the same cases, unless another seed is asked for; a failure says its seed and the path to it. */
fc.configureGlobal({ seed: Number(process.env['VARCO_TEST_SEED'] ?? 20_260_302), numRuns: 1000 })

/** Keys that change under the gateway's hands. `away`: they can no longer be relied on, and their source cannot be asked. */
class ChangingKeys implements Keys {
  epoch = 0
  away = false
  #keys = new Map<string, KeyObject>([[kid, platformKey.publicKey]])

  set (key: KeyObject | undefined): void {
    this.#keys = new Map(key ? [[kid, key]] : [])
    this.epoch++
  }

  known (name: string): KeyObject | undefined { return this.away ? undefined : this.#keys.get(name) }

  find (name: string): FoundKey | Promise<FoundKey> {
    const key = this.known(name)
    return this.away ? 'unavailable' : key ? { key } : 'unknown'
  }
}

const tokens = [
  voucher(), voucher({ claims: { exp: testSeconds + 60 } }), voucher({ claims: { nbf: testSeconds + 30, iat: testSeconds + 30 } }), voucher({ claims: { eserviceId: id(33), descriptorId: id(44) } }),
  voucher({ claims: { cnf: { jkt: 'x'.repeat(43) } } }), voucher({ key: strangerKey.privateKey }), voucher({ header: { kid: 'another' } }), voucher({ claims: { aud: 'https://other.example' } })
]
const otherTerms: Terms = { ...terms, eserviceId: id(33), descriptorIds: [id(44)] }

type Step = { readonly call: { readonly token: number, readonly scheme: string, readonly other: boolean } } | { readonly seconds: number } | { readonly keys: 'ours' | 'another' | 'none' | 'away' | 'back' }
const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.record({ call: fc.record({ token: fc.constantFrom(0, 0, 0, 0, ...tokens.keys()), scheme: fc.constantFrom('Bearer', 'bearer', 'DPoP'), other: fc.nat(3).map((chance) => chance === 0) }) }) },
  { weight: 1, arbitrary: fc.record({ seconds: fc.constantFrom(-600, -30, 29, 30, 59, 60, 61, 590, 86_400) }) },
  { weight: 2, arbitrary: fc.record({ keys: fc.constantFrom('ours', 'another', 'none', 'away', 'back') }) }
), { minLength: 3, maxLength: 25 })

t.test('whatever happens between the calls, a voucher that comes again gets the answer that it would get if it came for the first time', async (t) => {
  let remembered = 0
  fc.assert(fc.property(steps, (all) => {
    const keys = new ChangingKeys()
    const world = portsOf({ keys })
    const lasting = [terms, otherTerms].map((one) => caller.prepare(world, one))
    const seen = new Set<string>()
    let now = testTime
    for (const step of all) {
      if ('seconds' in step) now += step.seconds * 1000
      else if ('keys' in step) {
        if (step.keys === 'away' || step.keys === 'back') keys.away = step.keys === 'away'
        else keys.set(step.keys === 'none' ? undefined : step.keys === 'ours' ? platformKey.publicKey : strangerKey.publicKey)
      } else {
        const { token, scheme, other } = step.call
        const call = callWith(`${scheme} ${tokens[token]}`, { now })
        const [lastingly, afresh] = [lasting[other ? 1 : 0]!(call), caller.prepare(world, other ? otherTerms : terms)(call)]
        if (JSON.stringify(lastingly) !== JSON.stringify(afresh)) return false
        if (seen.has(`${token} ${other}`) && !('denial' in (lastingly as object))) remembered++
        seen.add(`${token} ${other}`)
      }
    }
    return true
  }))
  t.ok(remembered > 100, `${remembered} came again and were admitted`)
})

t.test('a voucher that is known admits nobody who comes with something else beside it', async (t) => {
  const judge = caller.prepare(portsOf(), terms)
  const call = callWith(`Bearer ${tokens[0]}`)
  t.match(await judge(call), { clientId: id(8) })
  t.match(judge(call), { clientId: id(8) }, 'remembered')
  t.match(judge({ ...call, authorization: [...call.authorization, 'Bearer x'] }), { denial: 'malformed-request' })
})

t.test('a voucher that was being verified while its key was taken away is not remembered', async (t) => {
  for (const taken of [undefined, strangerKey.publicKey]) {
    const keys = new ChangingKeys()
    let answer: (found: FoundKey) => void = () => undefined
    keys.find = (): Promise<FoundKey> => new Promise((resolve) => { answer = resolve })
    const judge = caller.prepare(portsOf({ keys }), terms)
    const call = callWith(`Bearer ${tokens[0]}`)
    const first = judge(call)
    const settle = answer
    keys.set(taken)
    // Another call in between sees the new keys.
    judge(callWith(`Bearer ${tokens[1]}`))
    settle({ key: platformKey.publicKey })
    t.match(await first, { clientId: id(8) }, 'its key was there when it came')
    keys.find = () => taken ? { key: taken } : 'unknown'
    t.match(judge(call), { denial: 'voucher-unverifiable' }, taken ? 'another key under the same id' : 'no key')
  }
})

t.test('a voucher that was admitted is refused as soon as what its caller is entitled to changes', async (t) => {
  let registry = registryOf()
  const ports: Ports = { ...portsOf(), registry: () => registry }
  const admission = prepareAdmission({ ...ports, burst: { ...ports.burst, consume: (_key, limit, resetSeconds) => ({ limit, remaining: limit, resetSeconds, exceeded: false }) } }, terms)
  const admit = async (): Promise<Denial | undefined> => admission.beforeBody(callWith(`Bearer ${tokens[0]}`))
  const changes = {
    'agreement-not-active': { agreement: { state: 'Suspended' } },
    'agreement-missing': { agreement: undefined },
    'agreement-mismatch': { agreement: { descriptorId: id(44) } },
    'purpose-not-active': { purpose: { versions: [{ id: id(7), state: 'Suspended', dailyCalls: 5 }] } },
    'purpose-unknown': { purpose: undefined },
    'purpose-mismatch': { purpose: { consumerId: id(77) } },
    'descriptor-not-usable': { descriptor: { state: 'Suspended' } }
  } as const
  for (const [code, change] of Object.entries(changes)) {
    registry = registryOf()
    t.equal(await admit(), undefined, 'admitted')
    registry = registryOf(change)
    t.match(await admit(), { denial: code })
  }
})

import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { portsOf, terms } from './fixture.ts'
import { policies, refuseWrongOrder } from './order.ts'
import type { AnyPolicy } from './order.ts'

const named = (name: string): AnyPolicy => policies.find((policy) => policy.name === name)!

t.test('the order that runs is the one that the design gives', async (t) => {
  t.strictSame(policies.map((policy) => policy.name), ['caller', 'dpop', 'channel', 'platformState', 'descriptor', 'agreement', 'purpose', 'delegation', 'grant', 'interaction', 'evidence', 'burst', 'replyTo', 'integrity', 'transition', 'quota'])
  refuseWrongOrder(policies)
})

t.test('a wrong order is a boot error that says what to move', async (t) => {
  for (const policy of policies.filter(({ needs }) => needs.length > 0)) {
    const wrong = [policy, ...policies.filter((other) => other !== policy)]
    t.throws(() => refuseWrongOrder(wrong), { message: /^policy "\w+" needs the fact "\w+", which no policy before it proves; move it behind "\w+" in policies\/order\.ts$/ }, policy.name)
    t.throws(() => prepareAdmission(portsOf(), terms, wrong), policy.name)
  }
})

t.test('a policy that is left out is missed by the ones that need its fact', async (t) => {
  for (const { name } of policies.filter((policy) => policies.some(({ needs }) => (needs as readonly string[]).includes(policy.name)))) {
    t.throws(() => refuseWrongOrder(policies.filter((policy) => policy.name !== name)), { message: new RegExp(`needs the fact "${name}"`) })
  }
})

t.test('nothing that must come before the body stands behind something that reads it', async (t) => {
  const late = [named('caller'), named('descriptor'), named('agreement'), named('purpose'), named('quota'), named('burst')]
  t.throws(() => refuseWrongOrder(late), { message: 'policy "burst" runs in the stage before-body but stands behind one that runs in after-body' })
})

import t from 'tap'
import { makeEvidence } from '../../policies/evidence-fixture.ts'
import { audience, ids } from '../harness/platform.ts'
import { prepareUser } from './user.ts'

type Call = Parameters<ReturnType<typeof prepareUser>>[0]

t.test('the user is whom proven tracking evidence names, of the consumer that called', async (t) => {
  const userOf = prepareUser({ of: (consumer, user) => `${consumer} ${user}` })
  const exchangeOf = (userID: unknown, call: object = {}): Call => {
    const evidence = makeEvidence({ clientId: ids.client, purposeId: ids.purpose, audience, now: 0 }, { claims: { userID } })
    return { call: { evidence: { digest: '', signer: '' }, caller: { consumerId: ids.consumer }, rawHeaders: ['Agid-JWT-TrackingEvidence', evidence], ...call } } as unknown as Call
  }
  t.equal(userOf(exchangeOf('rossi')), `${ids.consumer} rossi`)
  t.equal(userOf(exchangeOf(7)), `${ids.consumer} 7`)
  for (const nobody of [undefined, null, ['rossi'], { name: 'rossi' }]) t.equal(userOf(exchangeOf(nobody)), undefined)
  t.equal(userOf(exchangeOf('rossi', { evidence: undefined })), undefined, 'what is not proved names nobody')
  t.equal(userOf(exchangeOf('rossi', { caller: undefined })), undefined)
})

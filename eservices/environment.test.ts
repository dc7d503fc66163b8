import t from 'tap'
import { sandboxSecret } from '../openapi/varco-call.ts'
import { callSecrets, hostPort, settingsOf } from './environment.ts'

const [shared, own] = ['shared-'.repeat(5), 'own-to-the-tickets-'.repeat(2)]
const secretOf = (name: string, env: Record<string, string>, sandbox = false): string => callSecrets([name], env, sandbox)(name)

t.test('an e-service has its own secret, or the shared one', async (t) => {
  t.equal(secretOf('tickets', { VARCO_CALL_SECRET: shared }), shared)
  t.equal(secretOf('tickets', { VARCO_CALL_SECRET: shared, TICKETS_CALL_SECRET: own }), own)
  t.equal(secretOf('service-usage', { SERVICE_USAGE_CALL_SECRET: own }), own)
  t.equal(secretOf('surveys', { VARCO_CALL_SECRET: shared, TICKETS_CALL_SECRET: own, SURVEYS_CALL_SECRET: '' }), shared)
})

t.test('no secret, a short one or the public one of the sandbox is refused with what to do', async (t) => {
  const advice = /VARCO_CALL_SECRET.*32 characters.*--sandbox/
  for (const env of [{}, { VARCO_CALL_SECRET: '' }, { VARCO_CALL_SECRET: 'a'.repeat(31) }, { VARCO_CALL_SECRET: sandboxSecret }]) {
    t.throws(() => secretOf('tickets', env), { message: advice })
  }
  t.throws(() => secretOf('tickets', { VARCO_CALL_SECRET: shared, TICKETS_CALL_SECRET: 'short-and-secret' }), { message: /^TICKETS_CALL_SECRET(?!.*short-and-secret)/ })
  t.throws(() => callSecrets(['tickets', 'surveys'], { TICKETS_CALL_SECRET: own }, false), { message: /surveys/ }, 'every e-service is looked at')
  t.equal(secretOf('tickets', { VARCO_CALL_SECRET: 'a'.repeat(32) }), 'a'.repeat(32))
})

t.test('in the sandbox the public secret is enough, and another one wins', async (t) => {
  t.equal(secretOf('tickets', {}, true), sandboxSecret)
  t.equal(secretOf('tickets', { VARCO_CALL_SECRET: '' }, true), sandboxSecret)
  t.equal(secretOf('tickets', { VARCO_CALL_SECRET: shared }, true), shared)
})

t.test('the host listens ten ports above the gateway', async (t) => {
  t.equal(hostPort({}), 8090)
  t.equal(hostPort({ PORT: '' }), 8090)
  t.equal(hostPort({ PORT: '9000' }), 9010)
  for (const PORT of ['0', '65526', 'http', '-1', '80.5']) t.throws(() => hostPort({ PORT }), { message: /from 1 to 65525/ })
})

t.test('an e-service has the settings of its name, and its secret is none of them', async (t) => {
  const env = { SERVICE_USAGE_DEMO_ROWS: '1', SERVICE_USAGE_CALL_SECRET: own, TICKETS_DEMO_TICKETS: 'seed' }
  t.strictSame(settingsOf('service-usage', env), { demoRows: '1' })
})

import t from 'tap'
import { findProxyFaults } from './trusted-proxies.ts'

const faultsOf = (...trustedProxies: readonly unknown[]) => findProxyFaults({ trustedProxies })

t.test('addresses and blocks of any size but everybody\'s are proxies', async (t) => {
  t.strictSame(faultsOf('192.0.2.1', '10.0.0.0/8', '10.0.0.1/32', '2001:db8::1', '2001:db8::/32', '::1', '::1/128'), [])
  t.strictSame(findProxyFaults({}), [])
  t.strictSame(findProxyFaults({ trustedProxies: 'no list' }), [])
  t.strictSame(faultsOf(7), [], 'what is no text the schema tells of')
})

t.test('each listener has its own', async (t) => {
  const document = { trustedProxies: ['192.0.2.1'], listeners: { public: {}, internal: { trustedProxies: ['192.0.2.1', '::/0', '10.0.0.0/33'] } } }
  t.match(findProxyFaults(document), [{ path: ['listeners', 'internal', 'trustedProxies', 1], message: /^is everybody/ }, { path: ['listeners', 'internal', 'trustedProxies', 2], message: /CIDR/ }])
})

for (const entry of ['300.1.1.1', '10.0.0.0/33', '2001:db8::/129', '1::2::3', ':', '10.0.0.0/']) {
  t.test(`${entry} is none`, async (t) => {
    t.strictSame(faultsOf('192.0.2.1', entry), [{ path: ['trustedProxies', 1], message: 'is no address and no CIDR block' }])
  })
}

for (const entry of ['0.0.0.0/0', '10.0.0.0/0', '::/0']) {
  t.test(`${entry} would have everybody believed about its certificate`, async (t) => {
    t.strictSame(faultsOf(entry), [{ path: ['trustedProxies', 0], message: 'is everybody: any caller could say that it came over TLS and with which certificate; name the proxies' }])
  })
}

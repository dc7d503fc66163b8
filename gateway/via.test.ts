import t from 'tap'
import type { Config } from './config.ts'
import { viaOf } from './via.ts'

t.test('a gateway has one name in Via, and another one of the same configuration has another', async (t) => {
  const config = { hash: 'the same' } as Config
  t.match(viaOf(config), /^1\.1 varco-[0-9a-f-]{36}$/)
  t.equal(viaOf(config), viaOf(config))
  t.not(viaOf({ ...config }), viaOf(config))
})

import t from 'tap'
import { traceContextOf, traceHeaders, traceIdOf } from './trace-context.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = '00f067aa0ba902b7'
const good = `00-${trace}-${parent}-01`

t.test('a traceparent of version 00 has its four parts, in lower case, and nothing more', async (t) => {
  t.strictSame(traceContextOf({ traceparent: good }), { traceparent: good, traceId: trace, parentId: parent, isSampled: true, tracestate: undefined })
  for (const [flags, isSampled] of [['00', false], ['02', false], ['03', true], ['ff', true]] as const) t.equal(traceContextOf({ traceparent: `00-${trace}-${parent}-${flags}` })?.isSampled, isSampled, flags)
  for (const traceparent of [
    '', '00', good.toUpperCase(), `${good}-`, `${good}-00`, `${good}0`, ` ${good}`, `${good} `, `${good}\n`, `ff-${trace}-${parent}-01`, `0-${trace}-${parent}-01`, `000-${trace}-${parent}-01`, `0x-${trace}-${parent}-01`, `.0-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`, `00-${trace}-${'0'.repeat(16)}-01`, `00-${trace.slice(1)}-${parent}-01`, `00-${trace}0-${parent}-01`, `00-${trace.replace('4', 'g')}-${parent}-01`, `00-${trace.replace('4', 'B')}-${parent}-01`,
    `00-${trace}-${parent.slice(1)}-01`, `00-${trace}-${parent}1-01`, `00-${trace}-${parent.replace('7', '.')}-01`, `00-${trace}-${parent}`, `00-${trace}-${parent}-`, `00-${trace}-${parent}-1`, `00-${trace}-${parent}-0G`, `00-${trace}-${parent}-.0`,
    `00 ${trace} ${parent} 01`, `00-${trace}${parent}-01`, `${good}, ${good}`, 'x'.repeat(16_000), `00-${trace}-${parent}-01${'-'.repeat(16_000)}`
  ]) {
    t.equal(traceContextOf({ traceparent, tracestate: 'a=1' }), undefined, traceparent.slice(0, 80))
    t.equal(traceIdOf({ traceparent }), undefined)
  }
})

t.test('a later version is read as far as it is known', async (t) => {
  for (const traceparent of [`01-${trace}-${parent}-01`, `cc-${trace}-${parent}-01`, `fe-${trace}-${parent}-01-`, `cc-${trace}-${parent}-01-what-the-future-will-be-like`]) {
    t.match(traceContextOf({ traceparent }), { traceparent, traceId: trace, parentId: parent, isSampled: true })
    t.equal(traceIdOf({ traceparent }), trace)
  }
  for (const traceparent of [`cc-${trace}-${parent}-01.what`, `cc-${trace}-${parent}-010`, `cc-${trace}-${parent}`]) t.equal(traceContextOf({ traceparent }), undefined, traceparent)
})

t.test('a tracestate is passed on within its bounds, or not at all; the traceparent stays', async (t) => {
  const stateOf = (tracestate: string): string | undefined => {
    const context = traceContextOf({ traceparent: good, tracestate })
    t.equal(context?.traceId, trace)
    return context?.tracestate
  }
  const key = (length: number): string => 'k'.repeat(length)
  for (const [tracestate, passed] of [
    ['congo=t61rcWkgMzE', 'congo=t61rcWkgMzE'], ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', undefined], ['a=1 , b=2\t,\tc=3', 'a=1,b=2,c=3'], ['a=1,,b=2,', 'a=1,b=2'], ['fw529a3039@dt=FfAQ', undefined], ['0t@v=x', undefined],
    ['a_-*/9=!"#$%&\'()*+-./:;<>?@[]^_`{|}~ x', undefined], [`${key(256)}=1`, undefined], [`${key(241)}@${key(14)}=1`, undefined], [`a=${'v'.repeat(256)}`, undefined], ['a= 1', 'a= 1'], ['a=1,a=2', undefined]
  ] as const) t.equal(stateOf(tracestate), passed ?? tracestate, tracestate.slice(0, 80))
  for (const tracestate of [
    '', ',', ' ', 'a', '=', '=1', 'a=', 'a= ', 'A=1', 'aB=1', '0a=1', '_a=1', 'a =1', 'a=1=2', 'a=\u00e8', 'a=\t', 'a\u00e8=1', '@a=1', 'a@=1', 'a@0=1', 'a@b@c=1', `${key(257)}=1`, `${key(242)}@v=1`, `t@${key(15)}=1`, `a=${'v'.repeat(257)}`, 'a=1,b', 'good=1,Bad=2'
  ]) t.equal(stateOf(tracestate), undefined, tracestate.slice(0, 80))
  const many = (count: number): string => Array.from({ length: count }, (_one, index) => `k${index}=1`).join()
  t.equal(stateOf(many(32)), many(32))
  t.equal(stateOf(many(33)), undefined)
  t.equal(stateOf('a=1,'.repeat(100_000)), undefined)
  t.equal(stateOf(`a=${'v'.repeat(253)},b=${'v'.repeat(254)}`)?.length, 512, 'so much is passed on')
  t.equal(stateOf(`a=${'v'.repeat(254)},b=${'v'.repeat(254)},c=1`), 'c=1', 'the longest go first')
  const members = Array.from({ length: 10 }, (_one, index) => `k${index}=${'v'.repeat(57)}`)
  t.equal(stateOf(members.join()), members.slice(0, 8).join(), 'then the oldest')
  t.equal(traceContextOf({ tracestate: 'a=1' }), undefined, 'nothing is known of it without a traceparent')
})

t.test('however it is written, a tracestate is read in no time', async (t) => {
  const began = performance.now()
  for (const tracestate of [`a=1${' '.repeat(60_000)}b`, `a=${' x'.repeat(8000)}`, `a=1${'\t'.repeat(16_000)}b=1`, `${' ,'.repeat(8000)}a`, 'a@'.repeat(8000)]) t.equal(traceContextOf({ traceparent: good, tracestate })?.tracestate, undefined)
  t.ok(performance.now() - began < 1000)
})

t.test('it is said to the next as it was said to us', async (t) => {
  t.strictSame(traceHeaders(good, 'a=1'), ['traceparent', good, 'tracestate', 'a=1'])
  t.strictSame(traceHeaders(good, undefined), ['traceparent', good])
  t.equal(traceIdOf({}), undefined)
})

import t from 'tap'
import type { Finding } from '../openapi/lint/finding.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { HarnessOptions } from './harness/gateway.ts'
import { archiveContract } from './harness/platform.ts'
import { reportOf } from './report.ts'
import type { Judge, LintConfig } from './verdicts.ts'

const found = (file: string, severity: Finding['severity'], line: number): Finding => ({
  file, line, column: 3, pointer: '/paths', severity, rule: 'paths-status', message: { it: 'manca /status', en: 'there is no /status' }, url: 'http://127.0.0.1/rules/paths-status', blocksPublication: severity === 'error'
})

/** A judge that says the same of every contract, and remembers what it was asked. */
function judgeOf (...severities: readonly Finding['severity'][]): { readonly judge: Judge, readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    judge: async (file, { profile, rulesUrl }) => {
      asked.push(`${profile} ${rulesUrl?.replace(/\d+\.\d+\.\d+\.\d+:\d+/, 'host') ?? ''}`)
      return severities.map((severity, index) => found(file, severity, index + 7))
    }
  }
}

const linted = (lint: LintConfig, judge: Judge): HarnessOptions => ({ judge, config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, lint })) }) })

t.test('enforce: a contract with errors does not go live, and each is told with its place', async (t) => {
  const { judge, asked } = judgeOf('warn', 'error', 'hint', 'error')
  await t.rejects(startGateway(t, linted({ profile: 'modi', mode: 'enforce' }, judge)), { message: /^\S+contract\.json:8:3: paths-status: there is no \/status\n\S+contract\.json:10:3: .*\ne-service "archive": its contract has 2 errors by the rules of modi, and lint\.mode is enforce$/ })
  t.strictSame(asked, ['modi http://host/rules'])
})

t.test('enforce: one without errors goes live, and is not judged again while it does not change', async (t) => {
  const { judge, asked } = judgeOf('warn', 'info')
  const gateway = await startGateway(t, linted({ profile: 'pdnd', mode: 'enforce' }, judge))
  const lintOf = (): unknown => reportOf(gateway.gateway, 0).eservices[0]?.lint
  t.strictSame(lintOf(), [{ profile: 'pdnd', errors: 0, warnings: 1 }])
  const prepared = await gateway.gateway.prepare(gateway.config)
  prepared.commit()
  t.equal((await gateway.call('/items')).status, 200)
  t.strictSame(asked, ['pdnd http://host/rules'])
})

t.test('warn: it goes live, is judged later, and the log tells what was found', async (t) => {
  const { judge, asked } = judgeOf('error', 'warn', 'error')
  const gateway = await startGateway(t, linted({ profile: 'pdnd', mode: 'warn' }, judge))
  const { verdicts, live } = gateway.gateway
  t.strictSame([asked, reportOf(gateway.gateway, 0).eservices[0]?.lint], [[], null])
  verdicts.attend(gateway.config, live.eservices, 0)
  await until(() => gateway.logs.some(({ event }) => event === 'contract'))
  t.match(gateway.logs.find(({ event }) => event === 'contract'), { level: 40, eservice: 'archive', profile: 'pdnd', errors: 2, warnings: 1, message: /the platform would not publish the contract; for where and why: npx varco check \S+contract\.json --profile pdnd/ })
  t.strictSame(reportOf(gateway.gateway, 0).eservices[0]?.lint, [{ profile: 'pdnd', errors: 2, warnings: 1 }])
  verdicts.attend(gateway.config, live.eservices, 0)
  t.equal(asked.length, 1)
})

t.test('by the rules themselves', async (t) => {
  const { lintContract } = await import('../openapi/lint/lint.ts')
  await t.rejects(startGateway(t, { ...linted({ profile: 'pdnd', mode: 'enforce' }, lintContract), contract: { ...archiveContract, info: { title: 'Archivio', version: 'one' } } }), { message: /contract\.json:1:\d+: [a-z-]*semver: / })
})

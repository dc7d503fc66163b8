import t from 'tap'
import { begin } from './begin.ts'
import { freePort } from '../../gateway/harness/free-port.ts'

const { signal } = new AbortController()
const folder = import.meta.dirname
const answering = (answers: string): readonly string[] => ['-e', `
  const answers = ${answers}
  require('http').createServer((request, response) => { const [status, body] = answers.length > 1 ? answers.shift() : answers[0]; response.writeHead(status, { 'x-voucher': request.headers.authorization }).end(body) }).listen(process.env.TEST_PORT, '127.0.0.1')
  process.once('SIGTERM', () => process.exit())`]

async function start (args: readonly string[], serving?: (pid: number) => Promise<void>) {
  const port = await freePort()
  return begin({ args, folder, env: { ...process.env, TEST_PORT: `${port}` }, call: { url: `http://127.0.0.1:${port}/`, headers: { authorization: 'Bearer x' }, expected: { status: 200, body: 'good' } }, serving }, signal)
}

t.test('a start lasts until the first right answer, and what was started is stopped', async (t) => {
  let pid = 0
  const { ms, cpuSeconds } = await start(answering('[[503, "not yet"], [503, "not yet"], [200, "good"]]'), async (one) => { pid = one })
  t.ok(ms > 0)
  if (process.platform === 'linux') t.ok(cpuSeconds !== undefined && cpuSeconds >= 0 && cpuSeconds <= ms)
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  t.ok((await begin({ args: ['-e', '0'], folder, env: process.env }, signal)).ms > 0)
})

t.test('a start that fails or answers wrongly counts for nothing', async (t) => {
  await t.rejects(start(answering('[[200, "bad"]]')), { message: /^before it was ready: expected 200 with good, got 200 with bad/ })
  await t.rejects(start(answering('[[401, ""]]')), { message: /^before it was ready: .* got 401 with no body/ })
  await t.rejects(start(['-e', 'console.error("no port"); process.exit(78)']), { message: /ended by itself \(exit code 78\)\nno port$/ })
  await t.rejects(begin({ args: ['-e', 'process.exit(3)'], folder, env: process.env }, signal), { message: /\(exit code 3\)/ })
})

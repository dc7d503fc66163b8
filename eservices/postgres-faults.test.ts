import { execFile } from 'node:child_process'
import { chownSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { startPostgres, tell, withPostgres } from '../test/postgres.ts'
import type { TestPostgres } from '../test/postgres.ts'
import { DatabaseUnavailable } from './database.ts'
import type { Database } from './database.ts'
import { startHarness } from './harness.ts'
import { postgresAt } from './postgres-database.ts'
import { readPostgresUrl } from './postgres-url.ts'
import { tickets } from './tickets/tickets.ts'

const run = promisify(execFile)
const migrations = ['CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT', "INSERT INTO counter VALUES ('a', 0)"]
const newTicket = { channel: 'scrivi', topic: 'tributi', serviceKind: 'assistenza', subject: 'informazioni-tari' }
const connected = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'varco things'"

const add = async (database: Database): Promise<unknown> => database.transaction(async (queries) => {
  const [row] = await queries.query<{ n: number }>('SELECT n FROM counter WHERE name = ?', ['a'])
  await wait(1)
  return queries.query('UPDATE counter SET n = ? WHERE name = ?', [(row?.n ?? 0) + 1, 'a'])
})
const readCounter = async (database: Database): Promise<number | undefined> => (await database.query<{ n: number }>('SELECT n FROM counter'))[0]?.n

t.test('URLs are read as libpq writes them, and what is wrong is said without the password', (t) => {
  t.strictSame(readPostgresUrl('postgres://varco:a%40b%2F@localhost/things'), { host: 'localhost', port: 5432, user: 'varco', password: 'a@b/', database: 'things', ssl: false })
  t.match(readPostgresUrl('postgresql://varco@db.example.it:6000/things'), { port: 6000, password: undefined, ssl: {} }, 'over a network, with a certificate that is good')
  t.match(readPostgresUrl('postgres://varco@db.example.it/things?sslmode=disable'), { ssl: false })
  t.match(readPostgresUrl('postgres://varco@localhost/things?host=/run/postgresql'), { host: '/run/postgresql', ssl: false })
  for (const [url, says] of [
    ['mysql://varco:s3cret@db/things', /is not the URL of a PostgreSQL: write it like postgres:/],
    ['postgres://varco:s3cret@db:port/things', /is not the URL/],
    ['postgres://varco:s3cret@db', /names no host, user or database/],
    ['postgres://varco:s3cret%@db/things', /"%"/],
    ['postgres://varco:1?s3cret@db/things', /a parameter that is not known; .*write \? as %3F/],
    ['postgres://varco:p@h/x?s3cret@db/things', /a parameter that is not known/],
    ['postgres://varco:s3cret@db/things?sslmod=require', /parameter "sslmod"/],
    ['postgres://varco:s3cret@db/things?sslmode=on', /sslmode "on"; there are disable, require/],
    ['postgres://varco:s3cret@db/things?sslrootcert=/no/such/file', /\/no\/such\/file as sslrootcert.*ENOENT/]
  ] as const) {
    t.throws(() => readPostgresUrl(url), { message: says }, url)
    t.throws(() => readPostgresUrl(url), { message: /^DATABASE_URL (?!.*s3cret)/ })
  }
  t.end()
})

t.test('a real PostgreSQL', withPostgres, async (t) => {
  const server = await startPostgres(t)
  await useTls(server)
  await t.test('with those that disturb nobody, at the same time', { jobs: 6 }, async (t) => {
    t.test('what keeps a host from starting is said with what to do, and never the password', { buffered: true }, async (t) => {
      const url = server.url()
      await tell(server, "CREATE USER guest PASSWORD 'guest'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE USER locked PASSWORD 'locked' NOLOGIN")
      await tell(server, 'CREATE DATABASE closed CONNECTION LIMIT 0')
      for (const [wrong, says] of [
        [url.replace('a%3Ap', 'wrong'), /the server refuses this user; mend user and password/],
        [url.replace('varco:', 'nobody:'), /refuses this user/],
        [url.replace(/:a[^@]*/, ''), /the password is missing or wrong/],
        [server.url('nowhere'), /no such database; create it \(createdb nowhere\)/],
        [url.replace(`:${server.port}`, ':1'), /does not answer \(ECONNREFUSED\): start it, or mend host and port/],
        [url.replace('127.0.0.1', 'no-such-host.invalid'), /does not answer \((ENOTFOUND|EAI_AGAIN)\)/],
        [url.replace(/varco:[^@]*/, 'guest:guest'), /GRANT CREATE ON DATABASE "postgres" TO "guest"/],
        [url.replace(/varco:[^@]*/, 'guest:guest').replace('/postgres', '/closed'), /no connection left for this user; raise max_connections/],
        [url.replace(/varco:[^@]*/, 'locked:locked'), /refuses this user from here; let it in there \(pg_hba\.conf/],
        [`${url}?sslmode=verify-full`, /certificate of the server is not good \(\w+\); name its authority with sslrootcert/],
        [`${url}?sslmode=verify-full&sslrootcert=${server.folder}/server.crt`, /not good \(ERR_TLS_CERT_ALTNAME_INVALID\)/]
      ] as const) {
        const told = await Promise.try(async () => postgresAt(wrong)('things', [])).then(() => undefined, (error: Error) => error)
        t.match(told?.message, says, wrong.replace(/:[^/].*@/, '@'))
        t.notMatch(told?.stack, /a%3Ap|a:p@ss|guest:guest/)
      }
      const { PATH = '' } = process.env
      const failed = await run(process.execPath, [join(import.meta.dirname, 'main.ts'), '--sandbox', 'tickets'], { env: { PATH, DATABASE_URL: url.replace('a%3Ap', 'wrong') } }).catch((error: unknown) => error)
      t.match(failed, { code: 78, stderr: /^the e-services cannot start:\n {2}database "postgres" on 127\.0\.0\.1:\d+ \(user varco\): the server refuses this user.*\n$/ })
      t.notMatch((failed as { stderr: string }).stderr, /wrong|p@ss/)
    })

    t.test('a host that cannot start lets go of its connections and ends', { buffered: true }, async (t) => {
      const { PATH = '' } = process.env
      const taken = createServer()
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
      t.teardown(() => { taken.close() })
      const { port } = taken.address() as AddressInfo
      const start = performance.now()
      await t.rejects(run(process.execPath, [join(import.meta.dirname, 'main.ts'), '--sandbox', 'tickets'], { env: { PATH, DATABASE_URL: server.url(), PORT: String(port - 10) } }), { code: 78, stderr: /EADDRINUSE/ })
      t.ok(performance.now() - start < 9000, 'an idle connection is kept for 10 s')
    })

    t.test('over TLS a server is believed by its certificate', { buffered: true }, async (t) => {
      for (const query of ['sslmode=require', `sslmode=verify-ca&sslrootcert=${server.folder}/server.crt`, `sslmode=verify-full&sslrootcert=${server.folder}/server.crt`]) {
        const database = await postgresAt(server.url('postgres', `?${query}`).replace('127.0.0.1', 'localhost'))('secured', [])
        t.strictSame(await database.query("SELECT count(*) AS n FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'varco secured' AND ssl"), [{ n: 1 }], query)
        await database.close()
      }
    })

    t.test('of hosts that start at once one applies the migrations, and their transactions take turns', { buffered: true }, async (t) => {
      const hosts = await Promise.all([1, 2, 3].map(async () => postgresAt(server.url())('things', migrations))) as [Database, ...Database[]]
      t.equal(await readCounter(hosts[0]), 0)
      await Promise.all(hosts.flatMap((host) => Array.from({ length: 5 }, async () => add(host))))
      t.equal(await readCounter(hosts[0]), 15)
      await Promise.all(Array.from({ length: 60 }, async () => hosts[0].query('SELECT n FROM counter')))
      const [open] = await hosts[0].query<{ n: number }>(connected)
      t.ok((open?.n ?? 0) <= 12, `${open?.n} connections of three hosts`)
      await Promise.all(hosts.map(async (host) => host.close()))
    })

    t.test('their transactions take turns whatever the server does by default', { buffered: true }, async (t) => {
      await tell(server, 'CREATE DATABASE careful')
      await tell(server, "ALTER DATABASE careful SET default_transaction_isolation = 'repeatable read'")
      const hosts = await Promise.all([1, 2].map(async () => postgresAt(server.url('careful'))('things', migrations))) as [Database, ...Database[]]
      await Promise.all(hosts.flatMap((host) => Array.from({ length: 4 }, async () => add(host))))
      t.equal(await readCounter(hosts[0]), 8)
      await Promise.all(hosts.map(async (host) => host.close()))
    })

    t.test('a connection that is taken away takes its transaction with it, and the next one is good', { buffered: true }, async (t) => {
      const database = await postgresAt(server.url())('taken', migrations)
      t.teardown(async () => database.close())
      const before = await readCounter(database)
      await t.rejects(database.transaction(async (queries) => {
        await queries.query('UPDATE counter SET n = ?', [1000])
        await tell(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'varco taken'")
        await queries.query('SELECT n FROM counter')
      }), DatabaseUnavailable)
      t.equal(await readCounter(database), before)
      await t.rejects(database.query('SELECT pg_sleep(3)'), DatabaseUnavailable, 'nor does a statement take longer than 2 s')
      t.equal(await readCounter(database), before)
    })
  })

  t.test('an e-service answers 503 while its store is away, quickly, and serves again by itself', async (t) => {
    const harness = await startHarness(tickets, '/rest/tickets/v1', { openDatabase: postgresAt(server.url()) })
    t.teardown(harness.close)
    const open = async (key: string) => harness.call({ operationId: 'openTicket', method: 'POST', path: '/tickets', headers: { 'idempotency-key': key }, body: newTicket })
    const read = async (id: string) => harness.call({ operationId: 'readTicket', path: `/tickets/${id}` })
    const kept = (await open('before')).body.ticketId

    const away = async (what: string): Promise<void> => {
      const start = performance.now()
      const answers = await Promise.all([...Array.from({ length: 8 }, async (_, index) => index % 2 === 0 ? read(kept) : open(`${what}-${index}`)), harness.call({ operationId: 'readStatus', path: '/status', caller: null })])
      t.ok(performance.now() - start < 10_000, `${what}: answered after ${Math.round(performance.now() - start)} ms`)
      for (const answer of answers) {
        t.match(answer, { status: 503, body: { status: 503, code: 'store-unavailable' } })
        t.equal(answer.headers.get('retry-after'), '1')
        t.notMatch(answer.text, /127\.0|varco|ECONN|SQLSTATE|postgres/i)
      }
    }
    const isBack = async (what: string): Promise<void> => {
      const start = performance.now()
      let answer = await read(kept)
      for (; answer.status !== 200 && performance.now() - start < 10_000; answer = await read(kept)) await wait(50)
      t.ok(performance.now() - start < 5000, `${what}: back after ${Math.round(performance.now() - start)} ms`)
      t.equal((await open('before')).body.ticketId, kept, 'and nothing was lost')
      t.equal((await open(`after-${what}`)).status, 201)
    }

    server.freeze()
    await away('frozen')
    server.thaw()
    await isBack('frozen')

    const under = Promise.all(Array.from({ length: 20 }, async () => read(kept)))
    await server.kill()
    for (const { status } of await under) t.ok([200, 503].includes(status))
    await away('killed')
    await server.start()
    await isBack('killed')
  })

  t.test('bad input is the same with every store: no text that it cannot hold is an error of the program', async (t) => {
    const harness = await startHarness(tickets, '/rest/tickets/v1', { openDatabase: postgresAt(server.url()) })
    t.teardown(harness.close)
    for (const path of ['/tickets?topic=%00', '/tickets?channel=a%00', '/channels?channel=%00', '/channels?period=%00', '/tickets?openedFrom=0001-01-01T00:00:00Z', '/tickets/00000000-0000-4000-8000-0000000000%00']) {
      const operationId = path.startsWith('/channels') ? 'listChannels' : path.startsWith('/tickets/') ? 'readTicket' : 'listTickets'
      t.ok([200, 400, 404].includes((await harness.call({ operationId, path })).status), path)
    }
  })
})

/** Gives a server a certificate, for localhost only, and has it read anew. */
async function useTls (server: TestPostgres): Promise<void> {
  const [key, certificate] = ['server.key', 'server.crt'].map((file) => join(server.folder, file)) as [string, string]
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate])
  const { uid, gid } = statSync(server.folder)
  if (process.getuid?.() === 0) chownSync(key, uid, gid)
  for (const setting of [`ssl_key_file = '${key}'`, `ssl_cert_file = '${certificate}'`, 'ssl = on']) await tell(server, `ALTER SYSTEM SET ${setting}`)
  await tell(server, 'SELECT pg_reload_conf()')
  await wait(100)
}

import fastify from 'fastify'

// What any server on Fastify has to load: the least that a gateway on it can take to start.
const app = fastify()
app.get('/', async () => ({ answered: true }))
await app.listen({ host: '127.0.0.1', port: Number(process.env['GATEWAY_PORT']) })
process.once('SIGTERM', () => process.exit()).once('disconnect', () => process.exit())

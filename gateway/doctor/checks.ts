import type { Check } from './examination.ts'
import { checkContracts, checkDisk, checkKeys, checkListeners, checkState, checkTracing } from './own-checks.ts'
import type { Patient } from './patient.ts'
import { checkClock, checkJwks, checkKeychain, checkRegistry, checkToken } from './platform-checks.ts'
import { checkDatabaseUrl, checkRedis, checkStores, checkUpstreams } from './reach-checks.ts'

/** How long each check may take, in ms. */
export const deadlineMs = 3000

/** What is checked once the configuration can be read, each behind what it depends on. Adding a check is a line here. */
export const checks: readonly Check<Patient>[] = [
  { name: 'contracts', needs: [], run: checkContracts, remedy: 'mend the contract, or what the configuration says of its e-service: varco check tells every problem with its line' },
  { name: 'state', needs: [], run: checkState, remedy: 'give the user of the gateway a folder of its own as state' },
  { name: 'disk', needs: ['state'], run: checkDisk, remedy: 'give the user of the gateway the right to write there, or make room' },
  { name: 'keys', needs: [], run: checkKeys, remedy: 'put a usable key or certificate in that place' },
  { name: 'listeners', needs: ['state'], run: checkListeners, remedy: 'if that is the gateway, run varco doctor in its folder and environment; otherwise stop what listens there, or choose other ports in the configuration' },
  { name: 'jwks', needs: ['state'], run: checkJwks, remedy: 'look at the way from this machine to the platform (DNS, proxy, firewall), or wait for the platform' },
  { name: 'clock', needs: ['jwks'], run: checkClock, remedy: 'set the clock, and keep it by NTP (timedatectl set-ntp true)' },
  { name: 'token', needs: ['keys', 'clock'], run: checkToken, remedy: 'compare pdnd.api with the client on the platform: its id, and that it holds the public half of the key' },
  { name: 'keychain', needs: ['token'], run: checkKeychain, remedy: 'deposit the public key in the producer keychain on the platform' },
  { name: 'registry', needs: [], run: checkRegistry, remedy: 'mend the registry file, or look why the platform cannot be read' },
  { name: 'redis', needs: [], run: checkRedis, remedy: 'start Redis, or mend redis.url in the configuration (REDIS_URL)' },
  { name: 'database', needs: [], run: checkDatabaseUrl, remedy: 'start PostgreSQL, or mend DATABASE_URL' },
  { name: 'upstreams', needs: ['contracts'], run: checkUpstreams, remedy: 'start the upstream, or mend upstream.url in the configuration' },
  { name: 'stores', needs: ['database', 'upstreams'], run: checkStores, remedy: 'start the database of the e-services: the DATABASE_URL of their host says where it is' },
  { name: 'tracing', needs: ['state'], run: checkTracing, remedy: 'run varco tracing run, and varco tracing status tells what came of it' }
]

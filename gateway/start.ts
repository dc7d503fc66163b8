import { runDemonstration } from './demonstration.ts'
import { refuseToStart } from './program.ts'

try {
  await runDemonstration(process.env)
} catch (error) {
  refuseToStart('Varco', error)
}

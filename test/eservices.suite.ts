import { runTogether } from './together.ts'

runTogether('eservices')

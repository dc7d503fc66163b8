import { runTogether } from './together.ts'

runTogether('openapi')

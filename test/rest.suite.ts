import { runTogether } from './together.ts'

runTogether('rest')

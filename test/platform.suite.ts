import { runTogether } from './together.ts'

runTogether('platform')

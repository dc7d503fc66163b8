import { runTogether } from './together.ts'

runTogether('postgres')

import t from 'tap'
import { running } from './running.ts'

/** What `tap` is to a test file that runs together with others: this module is loaded once for each. */
export default running.test ?? t

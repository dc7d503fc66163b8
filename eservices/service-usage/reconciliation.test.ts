import t from 'tap'
import { loadChecks, loadDatasets } from '../dataset-folder.ts'
import { reconcile } from '../reconcile.ts'
import { serviceUsage } from './service-usage.ts'

const data = serviceUsage.data as URL
const checks = await loadChecks(data)
const discrepancies = reconcile(await loadDatasets(data), checks)

t.test('the figures that the documents contradict are these and no others', async (t) => {
  t.strictSame(discrepancies.map(({ check, dataset, key, stated, computed }) => [check, `${dataset} ${key}`, stated, computed]), [
    ['cns-usage-change', 'highlights subject=cns-usage measure=change-percent period=2017', 38, 38.65],
    ['usages-by-administration', 'administration-usages administration=bagno-a-ripoli category=total measure=uses period=2017', 4920, 4903],
    ['usages-by-administration', 'administration-usages administration=pontassieve category=total measure=uses period=2017', 663, 21],
    ['usages-by-administration', 'administration-usages administration=reggello category=total measure=uses period=2017', 618, 359],
    ['usages-by-category', 'administration-usages administration=total category=istruzione measure=uses period=2017', 127136, 127119],
    ['usages-by-category', 'administration-usages administration=total category=sicurezza measure=uses period=2017', 96682, 95781],
    ['category-across-tables', 'administration-usages administration=total category=anagrafe measure=uses period=2017', 160929, 175649],
    ['category-across-tables', 'category-usages category=anagrafe measure=uses period=2017', 175649, 160929],
    ['category-across-tables', 'administration-usages administration=total category=cultura measure=uses period=2017', 23453, 23632],
    ['category-across-tables', 'category-usages category=cultura measure=uses period=2017', 23632, 23453],
    ['category-across-tables', 'administration-usages administration=total category=tributi measure=uses period=2017', 75336, 75721],
    ['category-across-tables', 'category-usages category=tributi measure=uses period=2017', 75721, 75336],
    ['category-across-tables', 'administration-usages administration=total category=urbanistica measure=uses period=2017', 171775, 180063],
    ['category-across-tables', 'category-usages category=urbanistica measure=uses period=2017', 180063, 171775],
    ['suap-procedures', 'digital-platforms platform=suap measure=procedures period=2025-03', 11, 10]
  ])
})

t.test('the differences between the two tables of usage are the bookings, exactly', async (t) => {
  t.ok(checks.some((check) => check.id === 'bookings-across-tables'))
  t.notOk(discrepancies.some((discrepancy) => discrepancy.check === 'bookings-across-tables'))
})

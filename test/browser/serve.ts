/** `node test/browser/serve.ts [--port N] [--site well|cut|worn|blank] [--role viewer|operator|admin|none] [--first]`: a fake box to look at. */
import { parseArgs } from 'node:util'
import type { Scene } from './canned/canned.ts'
import { openFakeBox } from './fake-box.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8899' },
    site: { type: 'string', default: 'well' },
    role: { type: 'string', default: 'admin' },
    first: { type: 'boolean', default: false },
  },
})
const role = values.role === 'none' || values.first ? null : (values.role as Scene['role'])
const scene: Scene = { role, isFirst: values.first, site: values.site as Scene['site'] }
const { url } = await openFakeBox(scene, Number(values.port))
console.log(url)

/** All pages, in the order of the navigation. Each is loaded when it is opened. */
import { frameText } from '../text/en.ts'
import type { PageEntry } from './page.ts'

const title = frameText.pages

export const pages: readonly PageEntry[] = [
  {
    path: '',
    title: title.overview,
    icon: 'overview',
    needs: 'status.read',
    group: 'site',
    load: () => import('./overview/overview.tsx'),
  },
  {
    path: 'uplinks',
    title: title.uplinks,
    icon: 'uplink',
    needs: 'status.read',
    group: 'site',
    load: () => import('./uplinks/uplinks.tsx'),
  },
  {
    path: 'peers',
    title: title.peers,
    shortTitle: title.peersShort,
    icon: 'peers',
    isOfMany: true,
    needs: 'status.read',
    group: 'site',
    load: () => import('./peers/peers.tsx'),
  },
  {
    path: 'segments',
    title: title.segments,
    icon: 'segment',
    needs: 'config.read',
    group: 'network',
    load: () => import('./segments/segments.tsx'),
  },
  {
    path: 'lans',
    title: title.lans,
    icon: 'lan',
    needs: 'config.read',
    group: 'network',
    load: () => import('./lans/lans.tsx'),
  },
  {
    path: 'policies',
    title: title.policies,
    icon: 'policy',
    needs: 'config.read',
    group: 'network',
    load: () => import('./policies/policies.tsx'),
  },
  {
    path: 'qos',
    title: title.qos,
    icon: 'qos',
    needs: 'config.read',
    group: 'network',
    load: () => import('./qos/qos.tsx'),
  },
  {
    path: 'access',
    title: title.access,
    icon: 'access',
    needs: 'config.read',
    group: 'network',
    load: () => import('./access/access.tsx'),
  },
  {
    path: 'config',
    title: title.config,
    icon: 'edit',
    needs: 'config.read',
    group: 'network',
    load: () => import('./configuration/configuration.tsx'),
  },
  {
    path: 'diagnostics',
    title: title.diagnostics,
    icon: 'diagnose',
    needs: 'diagnose',
    group: 'box',
    load: () => import('./diagnostics/diagnostics.tsx'),
  },
  {
    path: 'system',
    title: title.system,
    icon: 'system',
    needs: 'status.read',
    group: 'box',
    load: () => import('./system/system.tsx'),
  },
]

/** What each page's module exports, and what the frame knows of it before that is loaded. */
import type { ComponentType } from 'preact'
import type { LocalPermission } from '../../firmware/model/local-permission.ts'
import type { IconName } from '../part/icon-shapes.ts'

export interface PageModule {
  readonly Page: ComponentType
}

export interface PageEntry {
  /** The first part of the route; '' is the page that is shown first. */
  readonly path: string
  readonly title: string
  /** For the bar of a phone. */
  readonly shortTitle?: string
  readonly icon: IconName
  readonly needs: LocalPermission
  /** What stands behind it in the route is a page of its own, no tab of this one: it begins at its top, and has its own title. */
  readonly isOfMany?: true
  readonly group: 'site' | 'network' | 'box'
  readonly load: () => Promise<PageModule>
}

/** What the frame and the parts say. Each page has its own file beside this one: `en-overview.ts` and so on. */

export const frameText = {
  product: 'Causeway',
  skip: 'Skip to the page',
  navigation: 'Pages',
  groups: { site: 'Site', network: 'Network', box: 'Box' },
  more: 'More',
  morePages: 'All pages',
  close: 'Close',
  signOut: 'Sign out',
  scheme: 'Colours',
  schemes: { auto: 'As the system', light: 'Light', dark: 'Dark' },
  roles: { viewer: 'viewer', operator: 'operator', admin: 'admin' },
  lost: {
    title: 'The box does not answer.',
    text: 'What you see is from before. This page asks again by itself.',
  },
  unreachable: {
    title: 'The box does not answer',
    text: 'See that it has power and that this device is in one of its LANs. This page asks again by itself.',
    retry: 'Ask now',
  },
  refused: {
    title: 'Changes show late here just now.',
    text: 'The box answers, but lets no more pages follow what happens. Close those that nobody looks at.',
  },
  stillIn: {
    title: 'You are still signed in at the box',
    text: 'It did not answer when you were signed out. This page tries again by itself.',
    retry: 'Try again',
  },
  idle: {
    title: 'Are you still there?',
    text: 'Nobody has touched this page for a while. Any key keeps you signed in.',
    stay: 'Stay signed in',
  },
  noPage: { title: 'There is no such page', text: 'The link may be of another version.' },
  forbidden: {
    title: 'This page is not for your role',
    text: 'Ask somebody who is an admin of this box.',
  },
  failed: {
    title: 'This page could not be loaded',
    text: 'The box may have a new version by now.',
    reload: 'Load again',
  },
  pending: {
    applying: (revision: number) => `Revision ${revision} is being put in place.`,
    waiting: (revision: number) => `Revision ${revision} runs on trial.`,
    waitingText: 'Unless somebody keeps it, the one before comes back.',
    writing: (revision: number) => `Revision ${revision} is being saved.`,
    keep: 'Keep it',
    takeBack: 'Take it back',
    kept: 'The change is kept.',
    takenBack: 'The change is taken back.',
  },
  pages: {
    overview: 'Overview',
    uplinks: 'Uplinks',
    peers: 'Peers and paths',
    peersShort: 'Peers',
    segments: 'Segments',
    lans: 'LANs',
    policies: 'Policies',
    qos: 'QoS',
    access: 'Access rules',
    config: 'Configuration',
    diagnostics: 'Diagnostics',
    system: 'System',
  },
} as const

export const partText = {
  loading: 'Loading …',
  optional: 'optional',
  show: 'Show',
  hide: 'Hide',
  fresh: {
    title: 'Type your password again',
    text: 'What you are about to do needs it. It then holds for five minutes.',
    password: 'Password',
    submit: 'Go on',
    cancel: 'Cancel',
    wrong: 'The password is wrong.',
  },
  left: (seconds: number) => `${seconds} s left`,
  chart: {
    none: 'Nothing was measured in this time.',
    /** What a screen reader says of one line. */
    line: (name: string, last: string, low: string, high: string) =>
      `${name}: now ${last}, between ${low} and ${high}.`,
  },
} as const

/** What is said of changes that are not applied yet, of their review, and of what became of them. */

export const draftText = {
  bar: (count: number) =>
    count === 1 ? '1 change is not applied yet.' : `${count} changes are not applied yet.`,
  review: 'Review',
  discard: 'Discard',
  discarded: 'Your changes are gone.',
  undo: 'Undo',
  notBack: 'There are other changes by now: those stay.',
  replace: {
    title: 'Another draft in its place?',
    text: (count: number) =>
      count === 1
        ? 'You have 1 change that is not applied yet. It goes.'
        : `You have ${count} changes that are not applied yet. They go.`,
    submit: 'Replace them',
    cancel: 'Keep mine',
  },
  title: 'Review the changes',
  inWords: 'In words',
  inText: 'In the text',
  shownAs: 'Shown as',
  nothing: 'Nothing differs from what runs.',
  checking: 'The box looks at it …',
  refused: 'The box would refuse this:',
  warnings: 'The box takes it, but says:',
  outdated: {
    title: 'Another configuration runs since you began.',
    text: 'Below is what differs from that one now. Applied, your text takes its place as a whole.',
  },
  owned: {
    title: 'A controller sets this box up.',
    text: 'What is changed here holds until it publishes its next revision, which takes the place of all of it. To last, the change has to be made there.',
  },
  confirm: 'Time to keep it',
  confirmHelp:
    'Unless you press “Keep it” by then, the box goes back by itself: no mistake here can lock you out.',
  confirmTimes: [
    ['30', '30 seconds'],
    ['60', '1 minute'],
    ['120', '2 minutes'],
  ],
  apply: 'Apply on trial',
  applying: 'It is being put in place …',
  unanswered:
    'The box has not answered. If it is in place, it goes back by itself unless you keep it: this page shows it as soon as it hears the box.',
  more: (count: number) => `and ${count} more`,
  added: 'new',
  removed: 'removed',
  order: 'order',
  lines: (from: number) => `from line ${from}`,
} as const

export const fateText = {
  takenBack: (revision: number) => `Revision ${revision} was taken back.`,
  why: (reason: string) => `Why: ${reason}`,
  draftKept: 'Your changes are still here, to be mended and applied again.',
  dismiss: 'Understood',
  lostPending: (revision: number) =>
    `Revision ${revision} is on trial. If you cannot reach the box again in time, it goes back to the one before by itself.`,
} as const

/** What the page for signing in says. */

export const signInText = {
  title: 'Sign in',
  about: 'To the box that joins this site to the others.',
  name: 'Name',
  password: 'Password',
  submit: 'Sign in',
  wasIdle: 'You were signed out: nobody touched the page for half an hour.',
  wrong: 'Name or password is wrong.',
  locked: (wait: string) => `Too many tries. Wait ${wait}, then try again.`,
  tooOften: 'Too many tries. Wait a little, then try again.',
} as const

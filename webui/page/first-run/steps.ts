/** The steps of the first run, and which one is shown. Pure. */

export const steps = ['password', 'owner', 'internet', 'done'] as const
export type Step = (typeof steps)[number]

/** @param wanted by the route; whoever has not set a password begins there, whoever has one is past it */
export function stepOf(isSignedIn: boolean, wanted: string | undefined): Step {
  if (!isSignedIn) return 'password'
  const step = steps.find((one) => one === wanted)
  return step === undefined || step === 'password' ? 'owner' : step
}

export function after(step: Step): Step {
  return steps[Math.min(steps.indexOf(step) + 1, steps.length - 1)]!
}

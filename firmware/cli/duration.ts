/** How long something has been so, in words. Pure. */

export function durationText(seconds: number): string {
  const whole = Math.floor(seconds)
  if (whole < 120) return `${whole} s`
  if (whole < 7200) return `${Math.floor(whole / 60)} min`
  return whole < 172_800 ? `${Math.floor(whole / 3600)} h` : `${Math.floor(whole / 86_400)} d`
}

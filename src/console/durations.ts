/** Console: says how long something still goes on. */

/** Returns a span as `1:05:09` or `5:09`; what is over is `0:00`. */
export function clockOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const low = String(seconds % 60).padStart(2, '0')
  return hours === 0 ? `${minutes}:${low}` : `${hours}:${String(minutes).padStart(2, '0')}:${low}`
}

/** Returns a moment as the person's own clock shows it, with the date where it is not today's. */
export function momentOf(time: Date, now: Date): string {
  const hours = time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  const isToday = time.toDateString() === now.toDateString()
  return isToday ? hours : `${time.toLocaleDateString()} ${hours}`
}

/** Console: durations and moments as texts. */

/** A moment in the page's language, in an unambiguous order. */
const language = 'en-GB'

const secondsOfDay = 86_400

/** Returns a span as `1:05:09` or `5:09`, from a day on in whole days, `39 days`; a negative span is `0:00`. */
export function clockOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const days = Math.floor(seconds / secondsOfDay)
  if (days > 0) return days === 1 ? '1 day' : `${days} days`
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const low = String(seconds % 60).padStart(2, '0')
  return hours === 0 ? `${minutes}:${low}` : `${hours}:${String(minutes).padStart(2, '0')}:${low}`
}

/** Returns a moment by the user's own clock, with the zone, and with the date if it is not today. */
export function momentOf(time: Date, now: Date): string {
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
  // The styles of Intl allow no zone beside them.
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' })
  const isToday = time.toDateString() === now.toDateString()
  return isToday ? clock.format(time) : `${date.format(time)}, ${clock.format(time)}`
}

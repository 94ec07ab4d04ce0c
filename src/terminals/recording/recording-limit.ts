/** Terminals: the size limit of a recording. Participants get warnings before, and the session ends at the limit. */

/** Percent of the limit at which a warning is due. */
const warnedAt = [75, 90] as const

const mebibyte = 1024 * 1024

/** What happens as a recording grows. */
export type LimitListener = {
  readonly warn: (sentence: string) => void
  readonly end: () => void
}

/**
 * Watches the size of one recording.
 *
 * @param limitBytes A recording of this size is full.
 * @returns A function that takes the size of the file, in bytes, each time that it has grown.
 */
export function watchRecording(limitBytes: number, { warn, end }: LimitListener): (bytes: number) => void {
  let left: readonly number[] = [...warnedAt, 100]
  return (bytes) => {
    const reached = left.filter((percent) => bytes >= (limitBytes / 100) * percent)
    const percent = reached.at(-1)
    if (percent === undefined) return
    left = left.slice(reached.length)
    if (percent === 100) end()
    else warn(limitWarning(percent, limitBytes))
  }
}

function limitWarning(percent: number, limitBytes: number): string {
  return `The recording has reached ${percent} % of its limit of ${limitBytes / mebibyte} MiB. The session ends at the limit.`
}

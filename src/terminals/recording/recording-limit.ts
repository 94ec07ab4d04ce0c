/** Terminals: the size that one recording may have; who is attached is warned before, and the session ends at the limit. */

/** Percent of the limit at which a warning is due. */
const warnedAt = [75, 90] as const

const mebibyte = 1024 * 1024

/** What a recording that grows has done. */
export type LimitListener = {
  readonly warn: (sentence: string) => void
  readonly end: () => void
}

/**
 * Watches the size of one recording.
 *
 * @param limitBytes a recording of this size is full.
 * @returns a function that takes the size of the file, in bytes, each time that it has grown.
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

/** Terminals: plays a record to somebody's terminal, at its pace; only harmless output reaches it, and it is left as it was. */
import { HarmlessOutput } from './harmless-output.ts'
import { type EntrySource, RecordDamage, readEntries } from './read-record.ts'

/** Ends links, gathered updates, the alternate screen and margins; colours, wrap, cursor, keypad and character sets are as usual. */
export const terminalReset: string = [
  ']8;;\u001b\\',
  '[?2026l',
  '[?1049l',
  '[!p',
  '[?5;6;45;69l',
  '[r',
  '[?7;25h',
  '[4;20l',
  '[0 q',
  '[0m',
  '>',
  '(B',
  ')B',
]
  .map((sequence) => `\u001b${sequence}`)
  .join('')
  .concat('\u000f\r\n')

/** How a record is played. */
export type PlaybackOptions = {
  /** Bytes of the file to play. */
  readonly length: number
  /** 2 is twice as fast as it was. */
  readonly speed: number
  /** No pause is longer, in milliseconds at the speed of the record; null: as long as it was. */
  readonly idleLimitMs: number | null
  readonly write: (bytes: Uint8Array) => Promise<void>
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  readonly wait: (ms: number) => Promise<void>
  /** Aborted: the rest is not played. */
  readonly signal: AbortSignal
}

/** Plays the output of a record; whatever ends it, the reset is written. */
export async function playRecord(file: EntrySource, playing: PlaybackOptions): Promise<void> {
  const filter = new HarmlessOutput()
  let lastMs = 0
  try {
    for await (const { kind, atMs, payload } of readEntries(file, { from: 0, to: playing.length })) {
      if (playing.signal.aborted) break
      if (kind !== 'output') continue
      const pause = Math.min(atMs - lastMs, playing.idleLimitMs ?? Number.POSITIVE_INFINITY) / playing.speed
      lastMs = atMs
      if (pause >= 1) await playing.wait(pause)
      if (playing.signal.aborted) break
      const shown = filter.push(payload)
      if (shown.length > 0) await playing.write(shown)
    }
  } catch (error) {
    if (!(error instanceof RecordDamage)) throw error
  } finally {
    await playing.write(Buffer.from(terminalReset))
  }
}

/** Terminals: plays a recording to a user's terminal, at its pace. Only harmless output reaches the terminal, and it is reset at the end. */
import { HarmlessOutput } from './harmless-output.ts'
import { type EntrySource, RecordDamage, readEntries } from './read-record.ts'

/** Ends links, synchronized updates, the alternate screen and margins; resets colours, wrap, cursor, keypad and character sets. */
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

/** The options of a playback. */
export type PlaybackOptions = {
  /** Bytes of the file to play. */
  readonly length: number
  /** 2 is twice the recorded speed. */
  readonly speed: number
  /** The longest pause, in milliseconds at the recorded speed; null: no limit. */
  readonly idleLimitMs: number | null
  readonly write: (bytes: Uint8Array) => Promise<void>
  /** Resolves after a number of milliseconds, or at once if the signal is aborted. */
  readonly wait: (ms: number) => Promise<void>
  /** Aborted: the playback stops. */
  readonly signal: AbortSignal
}

/** Plays the output of a recording; the reset is always written. */
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

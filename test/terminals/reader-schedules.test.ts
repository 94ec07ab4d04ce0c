import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OutputPath } from '../../src/terminals/output-path.ts'
import { Reader } from '../../src/terminals/reader.ts'
import { KeepingSink, MemoryRecorder, MemoryScreen, turn } from '../fixtures/memory-output.ts'
import { ManualTime } from './recording/record-world.ts'

/** One step of a schedule. */
type Step =
  | { readonly kind: 'put'; readonly bytes: number }
  | { readonly kind: 'resize'; readonly rows: number }
  /** Shows a part of the output that came. */
  | { readonly kind: 'show'; readonly part: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'drop' | 'come-back' | 'resync' | 'freeze' | 'thaw' | 'record-slowly' | 'record-fast' }
  | { readonly kind: 'clog'; readonly bytes: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put'), bytes: fc.integer({ min: 1, max: 400_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resize'), rows: fc.integer({ min: 2, max: 100 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('show'), part: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.integer({ min: 1, max: 2_500 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('drop', 'come-back', 'resync', 'freeze', 'thaw', 'record-slowly', 'record-fast'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clog'), bytes: fc.integer({ min: 0, max: 3_000_000 }) }) },
) as fc.Arbitrary<Step>

/** Numbers in a row: no piece is like the one before. */
const period = 65_521 * 4
const pattern = Buffer.alloc(period + 500_000)
for (let at = 0; at < pattern.length; at += 4) pattern.writeUInt32LE(at % period, at)

/** The output from an offset on. */
const outputFrom = (seq: number, length: number): Buffer => pattern.subarray(seq % period, (seq % period) + length)

/** A client as the wire asks for one: it has all output before `next`, by itself or by a screen. */
class Client {
  next = 0
  shown = 0
  /** The size that holds until a screen sets another. */
  size: string | null = '80x24'

  take(sink: KeepingSink): void {
    for (const frame of sink.frames.splice(0)) {
      if (frame.type === 'output') {
        assert.equal(frame.seq, this.next, 'output that does not follow')
        assert.ok(outputFrom(frame.seq, frame.bytes.length).equals(frame.bytes), 'other output than was put out')
        this.next += frame.bytes.length
      } else if (frame.type === 'snapshot') {
        this.next = frame.seq
        this.shown = frame.seq
        this.size = null
      } else if (frame.type === 'size') {
        assert.equal(frame.seq, this.next, 'a size at another place than its own')
        this.size = `${frame.cols}x${frame.rows}`
      }
    }
  }
}

/** A terminal's output with one client that comes and goes. */
class Run {
  readonly #recorder = new MemoryRecorder()
  readonly #screen = new MemoryScreen()
  readonly #time = new ManualTime()
  readonly #client = new Client()
  #size = '80x24'
  readonly #path: OutputPath
  readonly #isImplementor: boolean
  #sink = new KeepingSink()
  #reader: Reader | null = null
  #isLetGo = false
  #produced = 0

  constructor(isImplementor: boolean) {
    this.#isImplementor = isImplementor
    this.#path = new OutputPath({
      recorder: this.#recorder,
      screen: this.#screen,
      size: { cols: 80, rows: 24 },
      timers: this.#time,
      nowMs: () => this.#time.monotonicMs(),
      hold: () => undefined,
      onRecorded: () => undefined,
      onRecorderFailed: () => assert.fail(),
    })
    this.#comeBack()
  }

  async take(step: Step): Promise<void> {
    this.#act(step)
    await turn()
    this.#client.take(this.#sink)
    if (this.#isLetGo) this.#drop()
  }

  /** Lets everything come to rest: the client has it all in the end, and the size that holds. */
  async end(): Promise<void> {
    for (const kind of ['record-fast', 'thaw', 'come-back'] as const) await this.take({ kind })
    await this.take({ kind: 'clog', bytes: 0 })
    for (let round = 0; round < 400 && this.#client.next < this.#produced; round += 1) {
      await this.take({ kind: 'show', part: 1 })
      await this.take({ kind: 'pass', ms: 250 })
      await this.#recorder.release()
      await this.take({ kind: 'come-back' })
    }
    assert.deepEqual([this.#client.next, this.#client.size ?? this.#size], [this.#produced, this.#size])
    this.#path.close()
  }

  #act(step: Step): void {
    switch (step.kind) {
      case 'put':
        this.#path.take(outputFrom(this.#produced, step.bytes))
        this.#path.flush()
        this.#produced += step.bytes
        break
      case 'resize':
        this.#path.resize({ cols: 80, rows: step.rows })
        this.#size = `80x${step.rows}`
        break
      case 'show':
        this.#client.shown += Math.ceil((this.#client.next - this.#client.shown) * step.part)
        this.#reader?.shown(this.#client.shown)
        break
      case 'pass':
        this.#time.pass(step.ms)
        this.#reader?.tick()
        break
      case 'drop':
        this.#drop()
        break
      case 'come-back':
        this.#comeBack()
        break
      case 'resync':
        this.#reader?.resync()
        break
      case 'clog':
        this.#sink.buffered = step.bytes
        break
      case 'freeze':
      case 'thaw':
        this.#screen.isFrozen = step.kind === 'freeze'
        if (step.kind === 'thaw') this.#screen.catchUp()
        break
      default:
        this.#recorder.isSlow = step.kind === 'record-slowly'
        void this.#recorder.release()
    }
  }

  #drop(): void {
    this.#reader?.close()
    this.#reader = null
    this.#isLetGo = false
  }

  #comeBack(): void {
    if (this.#reader !== null) return
    this.#sink = new KeepingSink()
    this.#client.shown = this.#client.next
    this.#reader = new Reader(
      {
        path: this.#path,
        sink: this.#sink,
        timers: this.#time,
        nowMs: () => this.#time.monotonicMs(),
        onStuck: () => {
          this.#isLetGo = true
        },
        onFailed: (cause) => assert.fail(String(cause)),
      },
      { from: this.#client.next, isImplementor: this.#isImplementor, isHeld: false },
    )
  }
}

test('FLW-25 in any order of output, acknowledgements, drops and resumes a client gets all output in order, or a screen for what it lacks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 60, size: 'max' }), async (isImplementor, steps) => {
      const run = new Run(isImplementor)
      for (const one of steps) await run.take(one)
      await run.end()
    }),
    { numRuns: 60 },
  )
})

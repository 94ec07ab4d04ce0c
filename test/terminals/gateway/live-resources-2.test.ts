/** The gateway: every third row of the table of what ends what, from number 2; real shells, and processes that write every 100 ms. */
import { test } from 'node:test'
import { rowPlayer } from '../../fixtures/live-resources/play.ts'

const { rows, play } = rowPlayer(2)

for (const row of rows) test(`REV-15 ${row.act}`, (t) => play(t, row))

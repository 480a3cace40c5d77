import { events } from './0001Events.js'
import { documents } from './0002Documents.js'
import { state } from './0003State.js'

export type Migration = { number: number; name: string; statements: readonly string[] }

/** In order; one that has been released is never changed. */
export const migrations: readonly Migration[] = [
  { number: 1, name: 'events', statements: events },
  { number: 2, name: 'documents', statements: documents },
  { number: 3, name: 'state', statements: state },
]

import { backup } from './backup.js'
import { backupKeys } from './backupKeys.js'
import { check } from './check.js'
import type { Command } from './command.js'
import { fsck } from './fsck.js'
import { gc } from './gc.js'
import { notices } from './notices.js'
import { reinstate } from './reinstate.js'
import { restore } from './restore.js'
import { restoreKeys } from './restoreKeys.js'
import { rotateKey } from './rotateKey.js'
import { settle } from './settle.js'
import { takedown } from './takedown.js'

/** What `agorai-node` can do beside `start`. */
export const commands: Readonly<Record<string, Command>> = {
  backup,
  'backup-keys': backupKeys,
  restore,
  'restore-keys': restoreKeys,
  fsck,
  gc,
  'rotate-key': rotateKey,
  check,
  settle,
  notices,
  takedown,
  reinstate,
}

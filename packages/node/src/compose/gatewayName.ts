import { AgoraiError } from '@agorai/core'
import { type PendingLock, takeLock } from '../adapters/database/postgresLock.js'

export type HoldGatewayNameParameters = {
  /** The PostgreSQL in which the gateways of an operator share a journal. */
  databaseUrl: string
  /** As the charge log says. */
  gateway: string
  /** How long somebody else may have the name: at a start, or after the connection was lost. */
  waitMs?: number
  onProgress(message: string): void
  /** Told when another process took the name while the connection was lost. */
  onFailed(error: AgoraiError): void
}

/** Longer than PostgreSQL takes to find out that a host is gone. */
const waitMsUsual = 15_000

/**
 * Holds the name of a gateway among the others: of two with one name each would give back the slices of sessions that the
 * other charges on.
 *
 * @returns What gives it free again.
 * @throws AgoraiError `config_invalid` when another process has it.
 */
export async function holdGatewayName({
  databaseUrl: url,
  gateway,
  waitMs = waitMsUsual,
  onProgress,
  onFailed,
}: HoldGatewayNameParameters): Promise<() => Promise<void>> {
  let lock: PendingLock
  let timer: NodeJS.Timeout | undefined

  async function hold(refuse: (error: AgoraiError) => void): Promise<void> {
    lock = takeLock({
      url,
      name: `agorai gateway ${gateway}`,
      onWaiting() {
        onProgress(`Another process is gateway ${gateway}; waiting for its end.`)
        timer = setTimeout(() => refuse(isTaken(gateway)), waitMs)
      },
      onLost: () => void hold(onFailed),
    })
    await lock.held
    clearTimeout(timer)
  }

  const release = async () => {
    clearTimeout(timer)
    await lock.release()
  }
  try {
    await new Promise<void>((resolve, reject) => void hold(reject).then(resolve))
  } catch (error) {
    await release()
    throw error
  }
  return release
}

const isTaken = (gateway: string): AgoraiError =>
  new AgoraiError(
    'config_invalid',
    `Another process is gateway ${gateway}, as charges/gateway of this data folder says. A new gateway starts on a folder without charges/.`,
    { field: 'AGORAI_DATA_DIR' },
  )

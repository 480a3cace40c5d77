// The least that a transaction can cost that has this calldata, writes these slots and tells these logs: what the EVM
// itself charges for them when every slot is cold, before any code runs (EIP-2929, EIP-2200, EIP-3529).

const baseGas = 21_000
const zeroByteGas = 4
const otherByteGas = 16
const newSlotGas = 22_100
const updatedSlotGas = 5_000
/** Clearing pays 5,000 and gives back 4,800. */
const clearedSlotGas = 200
const coldAccountGas = 2_600
const logGas = 375
const topicGas = 375
const logByteGas = 8

/** Slots that a transaction really changed, and how many contracts other than the one called it wrote to. */
export function compareSlots(pre, post, called) {
  const counts = { created: 0, updated: 0, cleared: 0, otherAccounts: 0 }
  for (const account of new Set([...Object.keys(pre), ...Object.keys(post)])) {
    const before = pre[account]?.storage ?? {}
    const after = post[account]?.storage ?? {}
    let written = false
    for (const slot of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [from, to] = [BigInt(before[slot] ?? 0), BigInt(after[slot] ?? 0)]
      if (from === to) continue
      written = true
      if (from === 0n) counts.created++
      else if (to === 0n) counts.cleared++
      else counts.updated++
    }
    if (written && account.toLowerCase() !== called.toLowerCase()) counts.otherAccounts++
  }
  return counts
}

/** What the bytes of a call cost. */
export function costOf(calldata) {
  const zeros = calldata.filter((byte) => byte === 0).length
  return zeroByteGas * zeros + otherByteGas * (calldata.length - zeros)
}

export function computeFloor({ calldata, logs, created, updated, cleared, otherAccounts }) {
  const told = logs.map(({ topics, data }) => logGas + topicGas * topics.length + (logByteGas * (data.length - 2)) / 2)
  return (
    baseGas +
    costOf(calldata) +
    newSlotGas * created +
    updatedSlotGas * updated +
    clearedSlotGas * cleared +
    coldAccountGas * otherAccounts +
    told.reduce((sum, gas) => sum + gas, 0)
  )
}

import { useState } from 'react'

/** The picture that a wallet shows of itself. One that is no picture leaves no empty space beside the name. */
export function WalletIcon({ icon, side }: { icon: string | undefined; side: number }) {
  const [broken, setBroken] = useState(false)
  if (icon === undefined || broken) return null
  return <img src={icon} alt="" width={side} height={side} onError={() => setBroken(true)} />
}
